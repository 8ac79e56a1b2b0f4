/** Text forms for table keys and cursors. */
import type { Bytes } from "@securechat/core/wire"

/** Lower-case hex. */
export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** ASCII of a mailbox cursor to the bytes a client keeps. */
export const cursorBytes = (cursor: string): Bytes => encoder.encode(cursor)

/** The reverse; bytes no mailbox wrote are none. */
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
