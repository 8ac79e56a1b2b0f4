/** Channel messages as an app sees them, and those that wait for a person's decision about who sent them. */
import { copy } from "../bytes/concat.ts"
import { utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { EVENT_BUFFER } from "../limits.ts"
import { dateOf } from "../runtime/date.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import type { AccountId } from "../wire/address.ts"
import type { ChannelArrival } from "./pairing-input.ts"
import type { ChannelMessage } from "./types.ts"

export const shownMessage = (arrival: ChannelArrival, security: SecurityStatus): ChannelMessage => {
  const { id, body, sentAtMs } = arrival
  const sentAt = dateOf(sentAtMs)
  const said = typeof body === "string" ? { data: utf8(body), text: body } : { data: copy(body) }
  return Object.freeze({ id, ...said, sentAt, security })
}

/**
 * What is sent, as it was when `send` was called.
 * @throws ERR_CONFIG_INVALID for text that is not well-formed, ERR_MESSAGE_TOO_LARGE
 */
export const bodyOf = (data: Uint8Array | string, maxBytes: number): string | Bytes => {
  const length = typeof data === "string" ? textLength(data) : data.length
  if (length > maxBytes)
    throw new SecureChatError("ERR_MESSAGE_TOO_LARGE", `message of ${length} bytes`, {
      hint: `At most ${maxBytes} bytes fit one message.`,
      details: { limitBytes: maxBytes },
    })
  return typeof data === "string" ? data : copy(data)
}

const textLength = (text: string): number => {
  try {
    return utf8(text).length
  } catch (cause) {
    throw new SecureChatError("ERR_CONFIG_INVALID", "a message must be well-formed text", { cause })
  }
}

interface Waiting {
  readonly arrival: ChannelArrival
  readonly message: ChannelMessage
}

/** Messages under a changed identity: shown when a person takes it, gone when it goes. Bounded, oldest out. */
export class Quarantine {
  #waiting: readonly Waiting[] = []

  hold(arrival: ChannelArrival, message: ChannelMessage): void {
    this.#waiting = [...this.#waiting, { arrival, message }].slice(-EVENT_BUFFER)
  }
  /** Those of an account that is the peer now; all others are dropped. */
  release(account: AccountId): readonly Waiting[] {
    const released = this.#waiting.filter(({ arrival }) => arrival.account === account)
    this.#waiting = []
    return released
  }
}
