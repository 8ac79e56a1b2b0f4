/** A frame as an event's payload and back: binary, text, or inside what an app's own server passes on. */
import { bytesOf } from "./packet.ts"

type Bytes = Uint8Array<ArrayBuffer>

export interface Encoding {
  /** 'binary' (default), or 'base64url' for servers that pass on text or JSON only. */
  readonly encoding?: "binary" | "base64url" | undefined
  /** Puts the frame, bytes or text as `encoding` says, into the app's own payload. */
  readonly wrap?: ((frame: Bytes | string) => unknown) | undefined
  /** Takes it out again; undefined for what is none of ours. */
  readonly unwrap?: ((payload: unknown) => Uint8Array | string | undefined) | undefined
}

export interface Payloads {
  payloadOf(frame: Bytes): unknown
  /** Undefined for what is no frame: the app's own traffic. */
  frameOf(payload: unknown): Uint8Array | undefined
}

const toText = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "")

const fromText = (text: string): Uint8Array | undefined => {
  // `atob` alone would also take white space and padding.
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined
  const latin1 = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
  return Uint8Array.from(latin1, (char) => char.charCodeAt(0))
}

export const payloadsOf = ({ encoding, wrap, unwrap }: Encoding): Payloads => {
  const isText = encoding === "base64url"
  return {
    payloadOf: (frame) => {
      const encoded = isText ? toText(frame) : frame
      return wrap === undefined ? encoded : wrap(encoded)
    },
    frameOf: (payload) => {
      const encoded: unknown = unwrap === undefined ? payload : unwrap(payload)
      if (typeof encoded === "string") return isText ? fromText(encoded) : undefined
      return isText ? undefined : bytesOf(encoded)
    },
  }
}
