/**
 * Every secret a client had, out of what its store was ever given: for searches that must not find one. It reads
 * records with the codecs of the library itself, so that a new field of a record is not forgotten in silence.
 */
import { EMPTY } from "../../src/bytes/concat.ts"
import { Reader } from "../../src/bytes/reader.ts"
import { type Secret, secret } from "../../src/bytes/secret.ts"
import { messageCodec } from "../../src/client/records.ts"
import type { Bytes } from "../../src/deps.ts"
import { SecureChatError } from "../../src/errors.ts"
import { openToken } from "../../src/fernet/token.ts"
import { type ResponderKeys, respond } from "../../src/handshake/responder.ts"
import { deviceListHash } from "../../src/identity/ids.ts"
import { type Identity, identityCodec } from "../../src/identity/keys.ts"
import type { OwnPrekey } from "../../src/identity/prekeys.ts"
import {
  advance,
  associatedData,
  messageFernetKey,
  otherRole,
  signalFernetKey,
} from "../../src/ratchet/chain.ts"
import { decapsulateStep } from "../../src/ratchet/kem-step.ts"
import { startResponder } from "../../src/ratchet/ratchet.ts"
import { rootStep } from "../../src/ratchet/root.ts"
import { findSkipped } from "../../src/ratchet/skipped.ts"
import type { RatchetState } from "../../src/ratchet/state.ts"
import { linkCodec } from "../../src/session/codec.ts"
import { equalBytes } from "../../src/bytes/compare.ts"
import { x25519 } from "#primitives"
import { type Envelope, decodeEnvelope } from "../../src/wire/envelope.ts"
import type { HandshakeBlock } from "../../src/wire/handshake.ts"
import { prekeyLayout } from "../../src/wire/prekey.ts"

export interface StoredValue {
  readonly path: readonly string[]
  readonly value: Uint8Array
}
export interface NamedSecret {
  readonly name: string
  readonly bytes: Uint8Array
}

const decodePrekey = (bytes: Uint8Array): OwnPrekey => {
  const input = new Reader(bytes)
  return { statement: prekeyLayout.read(input), secret: secret(input.prefixed(8, 64)) }
}
const under = (written: readonly StoredValue[], name: string): readonly Uint8Array[] =>
  written.filter(({ path }) => path[0] === name).map(({ value }) => value)

const identityOf = (written: readonly StoredValue[]): Identity => {
  const found = written.find(({ path }) => path.join("/") === "own/identity")
  if (found === undefined) throw new Error("no identity was stored")
  return identityCodec.decode(found.value)
}

const ratchetSecrets = (state: RatchetState): readonly (readonly [string, Secret | undefined])[] => [
  ["root key", state.rootKey],
  ["ratchet private key", state.own?.secret],
  ["KEM seed", state.ownKemSecret],
  ["sending chain key", state.sending?.chainKey],
  ["sending signal key", state.sending?.signalKey],
  ["receiving chain key", state.receiving?.chainKey],
  ["receiving signal key", state.receiving?.signalKey],
  ["next message key", state.sending === undefined ? undefined : advance(state.sending.chainKey).messageKey],
  ...state.skipped.map((key) => ["skipped message key", key.messageKey] as const),
]

/** Private keys, session keys and commitment keys, each once. */
export const secretsIn = (written: readonly StoredValue[]): readonly NamedSecret[] => {
  const found = new Map<string, NamedSecret>()
  const add = (name: string, bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined) found.set(Buffer.from(bytes).toString("hex"), { name, bytes })
  }
  const own = identityOf(written)
  add("account private key", own.accountSecret.expose())
  add("device signing key", own.signingSecret.expose())
  add("device agreement key", own.dhSecret.expose())
  for (const value of under(written, "prekey")) {
    const { statement, secret: key } = decodePrekey(value)
    add(`private key of a prekey (${statement.kind})`, key.expose())
  }
  for (const value of under(written, "link"))
    for (const session of linkCodec.decode(value).sessions) {
      add("exporter", session.exporter.expose())
      for (const [name, key] of ratchetSecrets(session.ratchet)) add(name, key?.expose())
    }
  for (const value of under(written, "message")) add("commitment key", messageCodec.decode(value).commitKey)
  return [...found.values()]
}

// ── what opens one envelope ──────────────────────────────────────────────────────────────────────

interface Derived {
  readonly messageKey: Secret
  readonly others: readonly NamedSecret[]
}

const along = (chainKey: Secret, from: number, to: number): Secret => {
  let key = chainKey
  for (let at = from; at < to; at++) key = advance(key).next
  return advance(key).messageKey
}

/** The key for this envelope as a receiver in this state would derive it; not yet known to be the right one. */
const derive = (state: RatchetState, envelope: Envelope): Derived | undefined => {
  const kept = findSkipped(state, envelope.ratchetKey, envelope.count)
  if (kept !== undefined) return { messageKey: kept.messageKey, others: [] }
  const chain = state.receiving
  if (chain !== undefined && equalBytes(chain.ratchetKey, envelope.ratchetKey))
    return envelope.count < chain.count
      ? undefined
      : { messageKey: along(chain.chainKey, chain.count, envelope.count), others: [] }
  if (state.own === undefined) return undefined
  const kem = decapsulateStep(state, envelope.kemCiphertext)
  const agreement = x25519(state.own.secret.expose(), envelope.ratchetKey)
  const step = rootStep(state.rootKey, agreement, kem)
  return {
    messageKey: along(step.chainKey, 0, envelope.count),
    others: [
      { name: "agreement of a root step", bytes: agreement },
      { name: "root key of a step", bytes: step.rootKey.expose() },
      { name: "first chain key", bytes: step.chainKey.expose() },
      { name: "signal key of a step", bytes: step.signalKey.expose() },
      ...(kem === undefined ? [] : [{ name: "KEM shared secret", bytes: kem.sharedSecret }]),
    ],
  }
}

const begun = (block: HandshakeBlock, written: readonly StoredValue[]): RatchetState | undefined => {
  const own = identityOf(written)
  const prekeys = under(written, "prekey").map(decodePrekey)
  const find = (kinds: readonly string[], id: number): OwnPrekey | undefined =>
    prekeys.find(({ statement }) => kinds.includes(statement.kind) && statement.keyId === id)
  const spk = find(["spk"], block.spkId)
  const pq = find([block.oneTimeKem ? "pqopk" : "pqspk"], block.pqId)
  const opk = block.opkId === 0 ? undefined : find(["opk"], block.opkId)
  if (spk === undefined || pq === undefined) return undefined
  const keys: ResponderKeys = { spk, opk, pq }
  const ownListHash = deviceListHash(own.list.body)
  const { secrets } = respond({ own, block, keys, context: EMPTY, fresh: EMPTY, ownListHash })
  const ownKey = { secret: spk.secret, publicKey: spk.statement.publicKey }
  return startResponder(secrets.rootKey, secrets.transcript, ownKey)
}

/** Fernet key and its two halves: the first signs, the second encrypts. */
const fernetParts = (key: Bytes): readonly NamedSecret[] => [
  { name: "Fernet key", bytes: key },
  { name: "signing half of a Fernet key", bytes: key.subarray(0, 16) },
  { name: "encryption half of a Fernet key", bytes: key.subarray(16) },
]

const opening = (state: RatchetState, envelope: Envelope): readonly NamedSecret[] | undefined => {
  const associated = associatedData(state.associated, otherRole(state.role))
  try {
    if (envelope.type === "signal") {
      const signalKey = state.receiving?.signalKey
      if (signalKey === undefined) return undefined
      const key = signalFernetKey(signalKey, associated, envelope.header)
      openToken(key, envelope.token)
      return [{ name: "signal key", bytes: signalKey.expose() }, ...fernetParts(key)]
    }
    const derived = derive(state, envelope)
    if (derived === undefined) return undefined
    const key = messageFernetKey(derived.messageKey, associated, envelope.header)
    openToken(key, envelope.token)
    return [
      { name: "message key", bytes: derived.messageKey.expose() },
      ...fernetParts(key),
      ...derived.others,
    ]
  } catch (error) {
    if (SecureChatError.is(error)) return undefined
    throw error
  }
}

/**
 * The keys that open one recorded envelope, derived as its recipient did from what it had stored at some time.
 * @returns undefined when no state the recipient ever stored opens it.
 */
export const keysThatOpen = (
  envelope: Uint8Array,
  recipient: readonly StoredValue[],
): readonly NamedSecret[] | undefined => {
  const decoded = decodeEnvelope(envelope)
  const states = under(recipient, "link")
    .flatMap((value) => linkCodec.decode(value).sessions)
    .filter((session) => equalBytes(session.id, decoded.sessionId))
    .map((session) => session.ratchet)
  const first = decoded.handshake === undefined ? undefined : begun(decoded.handshake, recipient)
  for (const state of first === undefined ? states : [first, ...states]) {
    const keys = opening(state, decoded)
    if (keys !== undefined) return keys
  }
  return undefined
}
