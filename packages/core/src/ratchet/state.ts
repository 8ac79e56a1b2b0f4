/**
 * What a ratchet remembers: plain readonly data, secrets wrapped so that they print as `[secret]`.
 * protocol.md §6, §6.7; Double Ratchet, revision 1 (symbols in parentheses).
 */
import type { Secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"

export type Role = "initiator" | "responder"

/** Our ratchet key pair (DHs). */
export interface RatchetKeyPair {
  readonly secret: Secret
  readonly publicKey: Bytes
}

/** Our sending chain. */
export interface SendingChain {
  /** CKs, 32 bytes. */
  readonly chainKey: Secret
  /** GKs, 32 bytes: ephemeral signals of this chain. */
  readonly signalKey: Secret
  /** Ns: messages sent in this chain. */
  readonly count: number
  /** Carried by every message of the chain, so that loss cannot hide a KEM step. */
  readonly kemKey: Bytes | undefined
  readonly kemCiphertext: Bytes | undefined
  /** Next signal counter, and the end of the block that was stored as used. */
  readonly signalNext: number
  readonly signalReserved: number
}

/** The peer's current chain. */
export interface ReceivingChain {
  /** DHr, 32 bytes. */
  readonly ratchetKey: Bytes
  readonly chainKey: Secret
  readonly signalKey: Secret
  /** Nr: keys derived so far. */
  readonly count: number
  /** Signal counters taken, of the newest 64; everything below `signalFloor` counts as taken. */
  readonly signalsSeen: readonly number[]
  readonly signalFloor: number
}

/** A message key kept for a message that has not arrived. Never a chain key (RFC 9420 §9.2). */
export interface SkippedKey {
  readonly ratchetKey: Bytes
  readonly count: number
  readonly messageKey: Secret
  readonly storedAtMs: number
  /** The peer turn in which it was kept. */
  readonly turn: number
}

/** A chain whose repeats are told from forgeries without deriving. */
export interface KnownChain {
  readonly ratchetKey: Bytes
  /** Counters whose skipped keys were dropped, as [from, to] pairs: too old, not duplicate. */
  readonly evicted: readonly (readonly [number, number])[]
}

export interface RatchetState {
  readonly role: Role
  /** th, 32 bytes: with the direction it is the associated data of every message. */
  readonly associated: Bytes
  /** RK, 32 bytes. */
  readonly rootKey: Secret
  readonly own: RatchetKeyPair | undefined
  /** The peer's newest ratchet key (DHr): of an initiator at first SPK_B. */
  readonly remoteKey: Bytes | undefined
  readonly sending: SendingChain | undefined
  readonly receiving: ReceivingChain | undefined
  /** PN: length of our previous sending chain. */
  readonly previousCount: number
  /** A new receiving chain came and was not answered: the next send makes a new chain. */
  readonly needSend: boolean
  /** The peer's advertised KEM key, answered by our next chain. */
  readonly peerKemKey: Bytes | undefined
  /** Seed of our outstanding KEM key: at most one. */
  readonly ownKemSecret: Secret | undefined
  /** Own turns since the last advertisement, and its time. */
  readonly turnsSinceKem: number
  readonly lastKemAtMs: number
  /** Peer turns so far. */
  readonly peerTurns: number
  readonly skipped: readonly SkippedKey[]
  /** Newest last; the current receiving chain is one of them. */
  readonly chains: readonly KnownChain[]
}
