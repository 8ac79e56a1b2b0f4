/** Text forms for table keys and cursors. */
import { formatAccountId, formatDeviceId } from "@securechat/core/wire"
import { recipientKey } from "./state.ts"

/** What short byte strings pass on their way to text: a view of each by itself costs more than the text. */
const scratch = Buffer.alloc(64)

const short = (bytes: Uint8Array, encoding: "hex" | "latin1"): string => {
  if (bytes.length > scratch.length) return Buffer.from(bytes).toString(encoding)
  scratch.set(bytes)
  return scratch.toString(encoding, 0, bytes.length)
}

/** Lower-case hex. */
export const toText = (bytes: Uint8Array): string => short(bytes, "hex")

/** To be compared with cursors that a mailbox wrote: bytes it did not write are never one of those. */
export const cursorToCompare = (bytes: Uint8Array): string => short(bytes, "latin1")

const decoder = new TextDecoder("utf-8", { fatal: true })

/** Cursor of the bytes a client kept; what no mailbox wrote is none. */
export const cursorText = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    return ""
  }
}

/** An app's token; `undefined` where there is none or it is no text. */
export const tokenText = (bytes: Uint8Array): string | undefined => {
  const text = cursorText(bytes)
  return text === "" ? undefined : text
}

/** A device of an account, by the texts that tables go by. */
export interface Place {
  readonly account: string
  readonly device: string
  /** Both. */
  readonly key: string
}

/** Recipients whose texts are known: people write to the same ones again, and base32 costs more than all else of a submit. */
const MAX_KNOWN = 10_000
const ACCOUNT = 20
const DEVICE = 16
const known = new Map<string, Place>()

/** Texts of ids of 20 and 16 bytes; remembered, which nobody can tell but by the time it takes. */
export const placeTexts = (accountId: Uint8Array, deviceId: Uint8Array): Place => {
  scratch.set(accountId)
  scratch.set(deviceId, ACCOUNT)
  const ids = scratch.toString("latin1", 0, ACCOUNT + DEVICE)
  const found = known.get(ids)
  if (found !== undefined) return found
  const account = formatAccountId(accountId)
  const device = formatDeviceId(deviceId)
  const place = { account, device, key: recipientKey(account, device) }
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(ids, place)
  return place
}
