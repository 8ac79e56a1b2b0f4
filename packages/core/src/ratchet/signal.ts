/**
 * Ephemeral signals: typing and presence ride beside the ratchet and take none of its numbers, since the
 * relay drops them when the peer is away and skipped keys would pile up. No forward secrecy inside a chain,
 * hence no content. protocol.md §6.6
 */
import { equalBytes } from "../bytes/compare.ts"
import { concat } from "../bytes/concat.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { openToken, sealToken } from "../fernet/token.ts"
import { SESSION_MAX_MESSAGES, SIGNAL_WINDOW } from "../limits.ts"
import { type Envelope, encodeHeader } from "../wire/envelope.ts"
import { associatedData, otherRole, signalFernetKey } from "./chain.ts"
import type { RatchetState, ReceivingChain } from "./state.ts"

export interface SealedSignal {
  readonly envelope: Bytes
  /** The state must be stored before the envelope leaves: a new block of counters was begun. */
  readonly store: boolean
}

/** @throws ERR_STATE before this side has a sending chain. */
export const sealSignal = (
  state: RatchetState,
  sessionId: Bytes,
  payload: Bytes,
  deps: Deps,
): readonly [RatchetState, SealedSignal] => {
  const { sending, own } = state
  if (sending === undefined || own === undefined)
    throw new SecureChatError("ERR_STATE", "no chain for a signal yet")
  const count = sending.signalNext
  const store = count >= sending.signalReserved
  const header = encodeHeader({
    type: "signal",
    sessionId,
    ratchetKey: own.publicKey,
    previousCount: 0,
    count,
    handshake: undefined,
    kemKey: undefined,
    kemCiphertext: undefined,
    commitment: undefined,
  })
  const key = signalFernetKey(sending.signalKey, associatedData(state.associated, state.role), header)
  const envelope = concat(header, sealToken(key, payload, deps.random(16)))
  const signalReserved = store ? count + SIGNAL_WINDOW : sending.signalReserved
  return [
    { ...state, sending: { ...sending, signalNext: count + 1, signalReserved } },
    { envelope, store },
  ]
}

/** What storing rounds up to: a restarted receiver takes the whole block as seen. */
export const storedSignalFloor = (chain: ReceivingChain): number => {
  const newest = Math.max(-1, ...chain.signalsSeen)
  const blockEnd = Math.ceil((newest + 1) / SIGNAL_WINDOW) * SIGNAL_WINDOW
  return Math.max(chain.signalFloor, blockEnd)
}

const take = (chain: ReceivingChain, count: number): ReceivingChain => {
  const seen = [...chain.signalsSeen, count]
  const floor = Math.max(chain.signalFloor, Math.max(...seen) - SIGNAL_WINDOW + 1)
  return { ...chain, signalsSeen: seen.filter((value) => value >= floor), signalFloor: floor }
}

/**
 * @returns the next state, the payload, and whether the state must be stored before it is acted on.
 * @throws ERR_NO_SESSION for a chain that is gone, ERR_TOO_FAR, ERR_DUPLICATE for a counter taken, ERR_AUTHENTICATION.
 */
export const openSignal = (
  state: RatchetState,
  envelope: Envelope,
): readonly [RatchetState, { readonly payload: Bytes; readonly store: boolean }] => {
  const chain = state.receiving
  if (chain === undefined || !equalBytes(chain.ratchetKey, envelope.ratchetKey))
    throw new SecureChatError("ERR_NO_SESSION", "signal of a chain that is gone")
  // The floor is stored as the end of a block of counters: past the last one it would not fit its u32.
  if (envelope.count >= SESSION_MAX_MESSAGES)
    throw new SecureChatError("ERR_TOO_FAR", "counter beyond the limit")
  if (envelope.count < chain.signalFloor || chain.signalsSeen.includes(envelope.count))
    throw new SecureChatError("ERR_DUPLICATE", "signal taken before")
  const associated = associatedData(state.associated, otherRole(state.role))
  const payload = openToken(signalFernetKey(chain.signalKey, associated, envelope.header), envelope.token)
  const receiving = take(chain, envelope.count)
  const store = storedSignalFloor(receiving) > storedSignalFloor(chain)
  return [
    { ...state, receiving },
    { payload, store },
  ]
}
