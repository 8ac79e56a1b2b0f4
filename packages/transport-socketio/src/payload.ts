/** A frame as an event's payload and back: binary, text, or inside what an app's own server passes on. */
import { type Bytes, fromBase64url, toBase64url } from "@securechat/core/wire"
import { bytesOf } from "./packet.ts"

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

/** Strict, one spelling only: a lax decoder would read the app's own words as frames. */
const fromText = (text: string): Uint8Array | undefined => {
  try {
    return fromBase64url(text)
  } catch {
    return undefined
  }
}

export const payloadsOf = ({ encoding, wrap, unwrap }: Encoding): Payloads => {
  const isText = encoding === "base64url"
  return {
    payloadOf: (frame) => {
      const encoded = isText ? toBase64url(frame) : frame
      return wrap === undefined ? encoded : wrap(encoded)
    },
    frameOf: (payload) => {
      const encoded: unknown = unwrap === undefined ? payload : unwrap(payload)
      if (typeof encoded === "string") return isText ? fromText(encoded) : undefined
      return isText ? undefined : bytesOf(encoded)
    },
  }
}
