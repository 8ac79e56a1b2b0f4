/**
 * The project's own known answers, computed from fixed seeds: a second client can check itself against them, and
 * a changed byte anywhere in the protocol fails. `npm run vectors:make` writes them, `own.test.ts` compares.
 */
import { EMPTY } from "../../../src/bytes/concat.ts"
import { fromUtf8, toHex } from "../../../src/bytes/text.ts"
import { sha256 } from "../../../src/primitives/noble.ts"
import type { Effect } from "../../../src/session/effect.ts"
import { initiate } from "../../../src/handshake/initiator.ts"
import {
  accountIdOfKey,
  certificateHash,
  deviceListHash,
  directConversationId,
} from "../../../src/identity/ids.ts"
import { identityCodec } from "../../../src/identity/keys.ts"
import { safetyNumber } from "../../../src/identity/safety-number.ts"
import { signHandle, signLogin } from "../../../src/identity/statements.ts"
import { firstSeen, trustCodec, verify } from "../../../src/identity/trust.ts"
import { linkCodec } from "../../../src/session/codec.ts"
import { sealStream } from "../../../src/stream/seal.ts"
import { parseAccountId } from "../../../src/wire/address.ts"
import { makeHello } from "../../../src/wire/channel.ts"
import { decodeEnvelope } from "../../../src/wire/envelope.ts"
import { loginBody } from "../../../src/wire/login.ts"
import { bundleCodec } from "../../../src/wire/prekey.ts"
import { SUITE_1 } from "../../../src/wire/tags.ts"
import { Party } from "../../support/party.ts"
import { Seeded, seededDeps } from "../../support/seeded.ts"
import { collect, takenApart } from "../../support/streams.ts"

/** Every value is text: hex for bytes, else as it reads. */
export type Vectors = Readonly<Record<string, unknown>>

const ALICE = 1001
const BOB = 1002
const zeros = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length)

const identityOf = (party: Party): Vectors => ({
  accountSeed: toHex(party.own.accountSecret.expose()),
  deviceSeed: toHex(party.own.signingSecret.expose()),
  dhSecret: toHex(party.own.dhSecret.expose()),
  accountId: party.own.accountId,
  deviceId: party.own.deviceId,
  certificate: toHex(party.own.certificate.bytes),
  certificateHash: toHex(certificateHash(party.own.certificate.body)),
  deviceList: toHex(party.own.list.bytes),
  deviceListHash: toHex(deviceListHash(party.own.list.body)),
})

const handshakeOnce = (oneTimeKeys: number): Vectors => {
  const [alice, bob] = [new Party(ALICE, oneTimeKeys), new Party(BOB, oneTimeKeys)]
  const bundle = bob.bundle()
  const source = { mode: "stored" } as const
  const made = initiate({ own: alice.own, bundle, context: EMPTY, source, replaces: zeros(16) }, alice.deps)
  const secretOf = (keyId: number | undefined): string | null => {
    const kept = keyId === undefined ? undefined : bob.prekeys.get(keyId)
    return kept === undefined ? null : toHex(kept.secret.expose())
  }
  return {
    initiator: identityOf(alice),
    responder: identityOf(bob),
    bundle: toHex(bundleCodec.encode(bundle)),
    spkSecret: secretOf(bundle.spk.keyId),
    opkSecret: secretOf(bundle.opk?.keyId),
    kemSeed: secretOf(bundle.pq.keyId),
    block: toHex(made.block),
    transcript: toHex(made.secrets.transcript),
    rootKey: toHex(made.secrets.rootKey.expose()),
    sessionId: toHex(made.secrets.sessionId),
    exporter: toHex(made.secrets.exporter.expose()),
  }
}

const handshakeVectors = (): Vectors => ({
  withOneTimeKeys: handshakeOnce(1),
  withLastResortKey: handshakeOnce(0),
})

const shown = (effects: readonly Effect[]): string =>
  effects.flatMap((effect) => (effect.type === "opened" ? [fromUtf8(effect.payload.content)] : [])).join()

/** 40 messages: in turn, in runs, with ML-KEM steps, one delivered late. */
const ratchetVectors = (): Vectors => {
  const [alice, bob] = [new Party(ALICE, 1), new Party(BOB, 1)]
  alice.begin(bob.bundle())
  const random = new Seeded(1003)
  const messages: Vectors[] = []
  let late: Uint8Array | undefined
  for (let i = 0; i < 40; i++) {
    const fromAlice = i === 0 || i % 2 === 0 || random.chance(0.2)
    const [from, to] = fromAlice ? [alice, bob] : [bob, alice]
    const bytes = from.sendText(`message ${i}`)
    const { kemKey, kemCiphertext, count, previousCount } = decodeEnvelope(bytes)
    const kem = { offers: kemKey !== undefined, answers: kemCiphertext !== undefined }
    messages.push({ from: fromAlice ? "alice" : "bob", count, previousCount, ...kem, envelope: toHex(bytes) })
    if (i === 20) late = bytes
    else if (shown(to.receive(bytes)) !== `message ${i}`) throw new Error(`message ${i} did not open`)
    if (i === 23 && late !== undefined) (fromAliceAt20(messages) ? bob : alice).receive(late)
  }
  return {
    note: "message 20 is delivered after message 23",
    messages,
    aliceLink: toHex(linkCodec.encode(alice.link)),
    bobLink: toHex(linkCodec.encode(bob.link)),
  }
}
const fromAliceAt20 = (messages: readonly Vectors[]): boolean => messages[20]?.["from"] === "alice"

const safetyNumberVectors = (): Vectors => {
  const [alice, bob] = [new Party(ALICE, 0), new Party(BOB, 0)]
  const [mine, theirs] = [
    safetyNumber(alice.own.public, bob.own.public),
    safetyNumber(bob.own.public, alice.own.public),
  ]
  return {
    aliceKey: toHex(alice.own.certificate.accountKey),
    bobKey: toHex(bob.own.certificate.accountKey),
    digits: mine.digits,
    aliceQr: toHex(mine.qr),
    bobQr: toHex(theirs.qr),
  }
}

const wireVectors = (): Vectors => {
  const alice = new Party(ALICE, 1)
  const accountId = accountIdOfKey(alice.own.certificate.accountKey)
  const other = parseAccountId(new Party(BOB, 0).own.accountId)
  const login = {
    origin: "http://localhost:5000",
    connection: alice.deps.random(16),
    nonce: alice.deps.random(32),
    timeMs: 1_700_000_000_000,
    minVersion: 1,
    maxVersion: 1,
    version: 1,
    accountId,
    deviceId: alice.own.certificate.deviceId,
    tokenHash: zeros(32),
  }
  const handle = {
    handle: "alice",
    accountId,
    version: 1,
    previousHash: zeros(32),
    timeMs: 1_700_000_000_000,
  }
  const hello = { nonce: alice.deps.random(32), contextHash: alice.deps.random(32), suites: [SUITE_1] }
  const pin = { accountId, accountKey: alice.own.certificate.accountKey }
  return {
    identity: toHex(identityCodec.encode(alice.own)),
    publicIdentity: toHex(alice.own.public.bytes),
    signedPrekey: toHex(alice.spk.statement.bytes),
    kemPrekey: toHex(alice.pqspk.statement.bytes),
    oneTimePrekey: alice.oneTime.opk.map((prekey) => toHex(prekey.statement.bytes)).join(),
    oneTimeKemPrekey: alice.oneTime.pqopk.map((prekey) => toHex(prekey.statement.bytes)).join(),
    hello: toHex(makeHello({ ...hello, bundle: alice.bundle() }).bytes),
    handleRecord: toHex(signHandle(handle, alice.own).bytes),
    loginStatement: toHex(loginBody(login)),
    loginSignature: toHex(signLogin(login, alice.own)),
    directConversation: toHex(directConversationId(accountId, other)),
    trust: toHex(
      trustCodec.encode(verify(firstSeen("bob", pin), pin.accountKey, "number", 1_700_000_000_000)),
    ),
    emptyLink: toHex(linkCodec.encode(alice.link)),
  }
}

const CHUNK = 65_536
/** Sizes around a chunk. Short ones whole; of long ones the head, the tags, and a hash of all. */
const streamVectors = async (): Promise<Vectors> => {
  const streams: Vectors[] = []
  for (const [at, purpose] of (["file", "thumbnail", "backup"] as const).entries())
    for (const size of [0, 1, 32, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 100]) {
      const deps = seededDeps(1004 + at)
      const [secret, content] = [deps.random(32), Uint8Array.from({ length: size }, (_, i) => i % 251)]
      const sealed = await collect(sealStream([content], { secret, purpose }, deps))
      const [header, ...chunks] = takenApart(sealed)
      streams.push({
        ...{ purpose, secret: toHex(secret), size, header: toHex(header) },
        ...(size <= 32 ? { content: toHex(content), sealed: toHex(sealed) } : {}),
        contentHash: toHex(sha256(content)),
        tags: chunks.map((chunk) => toHex(chunk.subarray(-16))).join(),
        sealedHash: toHex(sha256(sealed)),
      })
    }
  return { note: "byte i of a content is i mod 251", streams }
}

export const OWN: Readonly<Record<string, () => Vectors | Promise<Vectors>>> = {
  handshake: handshakeVectors,
  ratchet: ratchetVectors,
  "safety-number": safetyNumberVectors,
  wire: wireVectors,
  stream: streamVectors,
}
