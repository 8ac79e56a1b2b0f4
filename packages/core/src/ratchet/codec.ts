/** Versioned persistence of a ratchet. Signal counters are stored as whole blocks, see `signal.ts`. */
import {
  type Layout,
  choice,
  fixedBytes,
  flag,
  listOf,
  optional,
  secretBytes,
  struct,
  u32,
  u53,
} from "../bytes/codec.ts"
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

const key = /* @__PURE__ */ fixedBytes(32)
const secretKey = /* @__PURE__ */ secretBytes(32)
const kemKey = /* @__PURE__ */ optional(/* @__PURE__ */ fixedBytes(KEM_PUBLIC_BYTES))

type StoredSending = Omit<SendingChain, "signalNext">
const storedSending = /* @__PURE__ */ struct<StoredSending>({
  chainKey: secretKey,
  signalKey: secretKey,
  count: u32,
  kemKey,
  kemCiphertext: optional(fixedBytes(KEM_CIPHERTEXT_BYTES)),
  signalReserved: u32,
})
const sendingChain: Layout<SendingChain> = {
  ...storedSending,
  // A restarted sender never repeats a counter: it goes on at the end of the stored block.
  read: (input) => {
    const chain = storedSending.read(input)
    return { ...chain, signalNext: chain.signalReserved }
  },
}

type StoredReceiving = Omit<ReceivingChain, "signalsSeen">
const storedReceiving = /* @__PURE__ */ struct<StoredReceiving>({
  ratchetKey: key,
  chainKey: secretKey,
  signalKey: secretKey,
  count: u32,
  signalFloor: u32,
})
const receivingChain: Layout<ReceivingChain> = {
  write: (out, chain) => {
    storedReceiving.write(out, { ...chain, signalFloor: storedSignalFloor(chain) })
  },
  read: (input) => ({ ...storedReceiving.read(input), signalsSeen: [] }),
}

const skippedKey = /* @__PURE__ */ struct<SkippedKey>({
  ratchetKey: key,
  count: u32,
  messageKey: secretKey,
  storedAtMs: u53,
  turn: u32,
})
const range: Layout<readonly [number, number]> = {
  write: (out, [from, to]) => {
    out.u32(from).u32(to)
  },
  read: (input) => [input.u32(), input.u32()],
}
const knownChain = /* @__PURE__ */ struct<KnownChain>({
  ratchetKey: key,
  evicted: listOf(8, MAX_EVICTED_RANGES, range),
})

export const ratchetLayout: Layout<RatchetState> = /* @__PURE__ */ struct<RatchetState>({
  role: choice("responder", "initiator"),
  associated: key,
  rootKey: secretKey,
  own: optional(struct<RatchetKeyPair>({ secret: secretKey, publicKey: key })),
  remoteKey: optional(key),
  sending: optional(sendingChain),
  receiving: optional(receivingChain),
  previousCount: u32,
  needSend: flag,
  peerKemKey: kemKey,
  ownKemSecret: optional(secretBytes(64)),
  turnsSinceKem: u32,
  lastKemAtMs: u53,
  peerTurns: u32,
  skipped: listOf(16, MAX_SKIPPED_KEYS, skippedKey),
  chains: listOf(8, RECENT_CHAINS + 1, knownChain),
})
