/** Genuine encodings of every codec, by its exported name. */
import { firstSeen, observe, trustCodec, unverify, verify } from "../../src/identity/trust.ts"
import { identityCodec } from "../../src/identity/keys.ts"
import { signHandle } from "../../src/identity/statements.ts"
import { linkCodec } from "../../src/session/codec.ts"
import { parseAccountId } from "../../src/wire/address.ts"
import { makeHello } from "../../src/wire/channel.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { bundleBytes, claimAnswerCodec, devicesAnswerCodec } from "../../src/wire/frame-answers.ts"
import { frameCodec, stockCodec } from "../../src/wire/frame.ts"
import { bundleCodec } from "../../src/wire/prekey.ts"
import { SUITE_1 } from "../../src/wire/tags.ts"
import { samples as frames } from "../support/frames.ts"
import { Party } from "../support/party.ts"

const [alice, bob] = [new Party(51), new Party(52)]
alice.begin(bob.bundle())
const links = [linkCodec.encode(bob.link), linkCodec.encode(alice.link)]
const first = alice.sendText("first")
bob.receive(first)
const skipped = bob.sendText("kept out")
alice.receive(bob.sendText("reply"))
links.push(linkCodec.encode(alice.link), linkCodec.encode(bob.link))
alice.begin(bob.bundle())
links.push(linkCodec.encode(alice.link))

const { own } = alice
const block = decodeEnvelope(first).handshake
if (block === undefined || skipped.length === 0) throw new Error("no block")
const accountId = parseAccountId(own.accountId)
const zeros = new Uint8Array(32)
const handle = { handle: "alice", accountId, version: 1, previousHash: zeros, timeMs: 5 }
const hello = { nonce: alice.deps.random(32), contextHash: zeros, suites: [SUITE_1], bundle: bob.bundle() }
const pin = { accountId, accountKey: own.certificate.accountKey }
const known = firstSeen("bob", pin)
const verified = verify(known, pin.accountKey, "qr", 7)
const prekeys = [alice.spk, alice.pqspk, ...bob.oneTime.opk, ...bob.oneTime.pqopk]
const parts = {
  certificate: own.certificate.bytes,
  list: own.list.bytes,
  signedPrekey: alice.spk.statement.bytes,
  oneTime: undefined,
  kem: alice.pqspk.statement.bytes,
}

export const SAMPLES: Readonly<Record<string, readonly Uint8Array[]>> = {
  certificateCodec: [own.certificate.bytes],
  deviceListCodec: [own.list.bytes],
  prekeyCodec: prekeys.map((prekey) => prekey.statement.bytes),
  bundleCodec: [
    bundleCodec.encode(alice.bundle()),
    bundleCodec.encode({ ...alice.bundle(), opk: undefined }),
  ],
  handleRecordCodec: [signHandle(handle, own).bytes],
  handshakeCodec: [block.bytes],
  helloCodec: [makeHello(hello).bytes],
  publicIdentity: [own.public.bytes],
  publicStatements: [own.public.bytes],
  identityCodec: [identityCodec.encode(own)],
  trustCodec: [known, verified, observe(verified, pin), unverify(verified)].map((trust) =>
    trustCodec.encode(trust),
  ),
  linkCodec: links,
  frameCodec: Object.values(frames).map((frame) => frameCodec.encode(frame)),
  stockCodec: [stockCodec.encode({ oneTimeLeft: 3, kemLeft: 2, lastResortUses: 1 })],
  devicesAnswerCodec: [
    devicesAnswerCodec.encode({ lists: [own.list.bytes], certificates: [own.certificate.bytes] }),
  ],
  claimAnswerCodec: [
    claimAnswerCodec.encode({
      devices: [{ deviceId: own.certificate.deviceId, bundle: bundleBytes(parts) }],
    }),
  ],
}
