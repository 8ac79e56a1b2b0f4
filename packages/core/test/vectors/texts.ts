/** Text that breaks programs: UTF-8 on the edge, naughty strings, and JSON as bad input for every decoder. */
import { expect, it } from "vitest"
import type { Codec } from "../../src/bytes/codec.ts"
import * as text from "../../src/bytes/text.ts"
import { decodeCbor } from "../../src/content/cbor.ts"
import { decodeChannelContent } from "../../src/content/channel.ts"
import { decodeReceipt, decodeText, decodeTyping } from "../../src/content/kinds.ts"
import { decodeMeta, decodeSignalMeta } from "../../src/content/meta.ts"
import { SecureChatError } from "../../src/errors.ts"
import { Fernet } from "../../src/fernet/index.ts"
import { publicIdentity } from "../../src/identity/keys.ts"
import { MAX_CONTENT_BYTES } from "../../src/limits.ts"
import { certificateCodec } from "../../src/wire/certificate.ts"
import { helloCodec } from "../../src/wire/channel.ts"
import { deviceListCodec } from "../../src/wire/device-list.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { frameCodec } from "../../src/wire/frame.ts"
import { handleRecordCodec } from "../../src/wire/handle.ts"
import { handshakeCodec } from "../../src/wire/handshake.ts"
import { bundleCodec, prekeyCodec } from "../../src/wire/prekey.ts"
import type { Vectors } from "./folder.ts"

const utf8Tests = (vectors: Vectors): void => {
  it("utf8-tests: what is valid comes back byte for byte, all else is refused", () => {
    const path = "utf8-tests/utf8tests.txt"
    const cases = vectors
      .text(path)
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
    let valid = 0
    for (const line of cases) {
      // Six lines have a space after the colon: ` invalid hex`.
      const [name = "", kind = "", ...rest] = line
        .split(":")
        .map((field, i) => (i === 1 ? field.trim() : field))
      const bytes =
        kind === "valid" ? text.utf8(rest.join(":")) : text.fromHex((rest[0] ?? "").replaceAll(" ", ""))
      if (kind.startsWith("invalid"))
        expect(() => text.fromUtf8(bytes), name).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
      else expect(text.utf8(text.fromUtf8(bytes)), name).toEqual(bytes)
      if (!kind.startsWith("invalid")) valid++
    }
    expect(valid).toBe(77)
    vectors.ran(path, cases.length, 222)
  })
}

/** A decoder of text refuses, or what it accepts is the one spelling. */
const refusedOrCanonical = (decode: () => string, spelling: string): void => {
  try {
    expect(decode()).toBe(spelling)
  } catch (error) {
    if (!SecureChatError.is(error, "ERR_DECODE")) throw error
  }
}
const naughtyStrings = (vectors: Vectors): void => {
  it("naughty-strings: unchanged through UTF-8 and Fernet, and no decoder of text is confused", () => {
    const path = "naughty-strings/blns.json"
    const cases = vectors.json(path) as readonly string[]
    const fernet = new Fernet(Fernet.generateKey())
    for (const naughty of cases) {
      expect(text.fromUtf8(text.utf8(naughty))).toBe(naughty)
      expect(text.fromUtf8(fernet.decrypt(fernet.encrypt(naughty)))).toBe(naughty)
      refusedOrCanonical(() => text.toBase64url(text.fromBase64url(naughty)), naughty)
      refusedOrCanonical(() => text.toPaddedBase64url(text.fromPaddedBase64url(naughty)), naughty)
      refusedOrCanonical(() => text.toBase32(text.fromBase32(naughty)), naughty)
      refusedOrCanonical(() => text.toHex(text.fromHex(naughty)), naughty.toLowerCase())
      expect(() => fernet.decrypt(naughty)).toThrow(expect.objectContaining({ code: "ERR_INVALID_TOKEN" }))
      expect(() => new Fernet(naughty)).toThrow(expect.objectContaining({ code: "ERR_KEY_INVALID" }))
    }
    vectors.ran(path, cases.length, 515)
  })
}

const fernet = new Fernet(Fernet.generateKey())
/** Nothing of JSON is a frame, an envelope, a statement or content. */
const NEVER: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  ...Object.fromEntries(
    Object.entries<Codec<unknown>>({
      frame: frameCodec,
      hello: helloCodec,
      handshake: handshakeCodec,
      certificate: certificateCodec,
      deviceList: deviceListCodec,
      prekey: prekeyCodec,
      bundle: bundleCodec,
      handle: handleRecordCodec,
      publicIdentity,
    }).map(([name, codec]) => [name, (bytes: Uint8Array) => codec.decode(bytes)]),
  ),
  envelope: decodeEnvelope,
  channelContent: decodeChannelContent,
  text: decodeText,
  receipt: decodeReceipt,
  typing: decodeTyping,
  meta: decodeMeta,
  signalMeta: decodeSignalMeta,
  fernet: (bytes) => fernet.decrypt(bytes),
}
const REFUSALS = [
  "ERR_DECODE",
  "ERR_VERSION_UNSUPPORTED",
  "ERR_FRAME_TOO_LARGE",
  "ERR_MESSAGE_TOO_LARGE",
  "ERR_INVALID_TOKEN",
] as const
const refusal = (decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): string => {
  try {
    decode(bytes)
    return "accepted"
  } catch (error) {
    if (SecureChatError.is(error, ...REFUSALS)) return "refused"
    throw error
  }
}
const badJson = (vectors: Vectors): void => {
  it("json-test-suite: every decoder refuses every file with a typed error", () => {
    const path = "json-test-suite/cases.json"
    const cases = vectors.json(path) as readonly { name: string; base64: string }[]
    for (const { name, base64 } of cases) {
      const bytes = Uint8Array.from(Buffer.from(base64, "base64"))
      for (const [decoder, decode] of Object.entries(NEVER))
        expect(refusal(decode, bytes), `${decoder}: ${name}`).toBe("refused")
      // Bare CBOR may by chance be one small item; it never crashes.
      refusal((input) => decodeCbor(input, MAX_CONTENT_BYTES), bytes)
    }
    vectors.ran(path, cases.length, 340)
  })
}

export const texts = (vectors: Vectors): void => {
  utf8Tests(vectors)
  naughtyStrings(vectors)
  badJson(vectors)
}
