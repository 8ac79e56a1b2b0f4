/** Versioned persistence of a ratchet. Signal counters are stored as whole blocks, see `signal.ts`. */
import { type Layout, fixedBytes, listOf, optional } from "../bytes/codec.ts"
import { type Secret, secret } from "../bytes/secret.ts"
import type { Reader } from "../bytes/reader.ts"
import { MAX_EVICTED_RANGES, MAX_SKIPPED_KEYS, RECENT_CHAINS } from "../limits.ts"
import { KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES } from "../wire/prekey.ts"
import { storedSignalFloor } from "./signal.ts"
import type {
  KnownChain,
  RatchetKeyPair,
  RatchetState,
  ReceivingChain,
  SendingChain,
  SkippedKey,
} from "./state.ts"

const KEY = 32
const key = fixedBytes(KEY)

export const secretLayout = (length: number): Layout<Secret> => ({
  write: (out, value) => {
    out.fixed(value.expose(), length)
  },
  read: (input) => secret(input.take(length)),
})
const secretKey = secretLayout(KEY)

const keyPair: Layout<RatchetKeyPair> = {
  write: (out, pair) => {
    secretKey.write(out, pair.secret)
    key.write(out, pair.publicKey)
  },
  read: (input) => ({ secret: secretKey.read(input), publicKey: key.read(input) }),
}
const kemKey = /* @__PURE__ */ optional(/* @__PURE__ */ fixedBytes(KEM_PUBLIC_BYTES))
const kemCiphertext = /* @__PURE__ */ optional(/* @__PURE__ */ fixedBytes(KEM_CIPHERTEXT_BYTES))

const sendingChain: Layout<SendingChain> = {
  write: (out, chain) => {
    secretKey.write(out, chain.chainKey)
    secretKey.write(out, chain.signalKey)
    out.u32(chain.count)
    kemKey.write(out, chain.kemKey)
    kemCiphertext.write(out, chain.kemCiphertext)
    out.u32(chain.signalReserved)
  },
  read: (input) => {
    const keys = { chainKey: secretKey.read(input), signalKey: secretKey.read(input) }
    const count = input.u32()
    const kem = { kemKey: kemKey.read(input), kemCiphertext: kemCiphertext.read(input) }
    // A restarted sender never repeats a counter: it goes on at the end of the stored block.
    const signalReserved = input.u32()
    return { ...keys, count, ...kem, signalNext: signalReserved, signalReserved }
  },
}

const receivingChain: Layout<ReceivingChain> = {
  write: (out, chain) => {
    key.write(out, chain.ratchetKey)
    secretKey.write(out, chain.chainKey)
    secretKey.write(out, chain.signalKey)
    out.u32(chain.count).u32(storedSignalFloor(chain))
  },
  read: (input) => ({
    ratchetKey: key.read(input),
    chainKey: secretKey.read(input),
    signalKey: secretKey.read(input),
    count: input.u32(),
    signalFloor: input.u32(),
    signalsSeen: [],
  }),
}

const skippedKey: Layout<SkippedKey> = {
  write: (out, kept) => {
    key.write(out, kept.ratchetKey)
    out.u32(kept.count)
    secretKey.write(out, kept.messageKey)
    out.u64(kept.storedAtMs).u32(kept.turn)
  },
  read: (input) => ({
    ratchetKey: key.read(input),
    count: input.u32(),
    messageKey: secretKey.read(input),
    storedAtMs: input.u64(),
    turn: input.u32(),
  }),
}

const range: Layout<readonly [number, number]> = {
  write: (out, [from, to]) => {
    out.u32(from).u32(to)
  },
  read: (input) => [input.u32(), input.u32()] as const,
}
const ranges = /* @__PURE__ */ listOf(8, MAX_EVICTED_RANGES, range)
const knownChain: Layout<KnownChain> = {
  write: (out, chain) => {
    key.write(out, chain.ratchetKey)
    ranges.write(out, chain.evicted)
  },
  read: (input) => ({ ratchetKey: key.read(input), evicted: ranges.read(input) }),
}

const own = /* @__PURE__ */ optional(keyPair)
const remoteKey = /* @__PURE__ */ optional(key)
const sending = /* @__PURE__ */ optional(sendingChain)
const receiving = /* @__PURE__ */ optional(receivingChain)
const kemSeed = /* @__PURE__ */ optional(/* @__PURE__ */ secretLayout(64))
const skipped = /* @__PURE__ */ listOf(16, MAX_SKIPPED_KEYS, skippedKey)
const chains = /* @__PURE__ */ listOf(8, RECENT_CHAINS + 1, knownChain)

const flag = (input: Reader): boolean => {
  const value = input.u8()
  if (value > 1) input.fail("flag is neither 0 nor 1", 1)
  return value === 1
}

export const ratchetLayout: Layout<RatchetState> = {
  write: (out, state) => {
    out.u8(state.role === "initiator" ? 1 : 0).fixed(state.associated, KEY)
    secretKey.write(out, state.rootKey)
    own.write(out, state.own)
    remoteKey.write(out, state.remoteKey)
    sending.write(out, state.sending)
    receiving.write(out, state.receiving)
    out.u32(state.previousCount).u8(state.needSend ? 1 : 0)
    kemKey.write(out, state.peerKemKey)
    kemSeed.write(out, state.ownKemSecret)
    out.u32(state.turnsSinceKem).u64(state.lastKemAtMs).u32(state.peerTurns)
    skipped.write(out, state.skipped)
    chains.write(out, state.chains)
  },
  read: (input) => ({
    role: flag(input) ? "initiator" : "responder",
    associated: key.read(input),
    rootKey: secretKey.read(input),
    own: own.read(input),
    remoteKey: remoteKey.read(input),
    sending: sending.read(input),
    receiving: receiving.read(input),
    previousCount: input.u32(),
    needSend: flag(input),
    peerKemKey: kemKey.read(input),
    ownKemSecret: kemSeed.read(input),
    turnsSinceKem: input.u32(),
    lastKemAtMs: input.u64(),
    peerTurns: input.u32(),
    skipped: skipped.read(input),
    chains: chains.read(input),
  }),
}
