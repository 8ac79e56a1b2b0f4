/**
 * Is the far end still there? A peer that lost its network sends nothing and TCP does not tell for
 * minutes (half-open), so silence is answered by a ping, and silence after that is the end. Browsers
 * answer pings by themselves. Not its concern: whether the application behind it still turns.
 */
import type { Timers } from "@securechat/core/transport"

export interface HeartbeatOptions {
  readonly timers: Timers
  /** Silence after which a ping goes out. */
  readonly intervalMs: number
  /** Further silence after which the peer is dead. */
  readonly timeoutMs: number
  readonly ping: () => void
  readonly dead: () => void
}

export interface Heartbeat {
  /** Something came in. Cheap: called for each message. */
  heard(): void
  stop(): void
}

//  listening ──interval, silent──► asking ──timeout, silent──► dead
//   ▲    └── interval, heard ──┐    │
//   └──────────────────────────┴────┘ heard
/** One timer per beat, not one per message: a beat looks back at what was heard since the last. */
export const heartbeat = ({ timers, intervalMs, timeoutMs, ping, dead }: HeartbeatOptions): Heartbeat => {
  let heard = false
  let cancel: () => void
  const listen = (): void => {
    heard = false
    cancel = timers.after(intervalMs, () => {
      if (heard) listen()
      else ask()
    })
  }
  const ask = (): void => {
    ping()
    cancel = timers.after(timeoutMs, () => {
      if (heard) listen()
      else dead()
    })
  }
  listen()
  return {
    heard: () => {
      heard = true
    },
    stop: () => {
      cancel()
    },
  }
}
