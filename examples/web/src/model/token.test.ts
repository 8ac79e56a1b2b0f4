import { expect, test } from "vitest"
import { tokenParts } from "./token.ts"

const token = (bytes: number): string => {
  const raw = new Uint8Array(bytes).map((_, index) => (index === 0 ? 0x80 : index % 251))
  return Buffer.from(raw).toString("base64url")
}

test("the parts of a token, put together again, are the token", () => {
  for (const bytes of [73, 89, 105, 4096 + 73]) {
    const text = token(bytes)
    expect(
      tokenParts(text)
        .map((part) => part.text)
        .join(""),
    ).toBe(text)
  }
})

test("each letter belongs to the part its first bit lies in", () => {
  const parts = Object.fromEntries(tokenParts(token(73 + 16)).map(({ name, text }) => [name, text.length]))
  // 89 bytes are 119 letters: 8, 64, 128, 256 and 256 bits, borders rounded up to whole letters.
  expect(parts).toEqual({ version: 2, timestamp: 10, iv: 22, ciphertext: 42, hmac: 43 })
})

test("padding letters are counted to the HMAC and move no border", () => {
  const bare = token(73 + 16)
  const padded = `${bare}=`
  expect(tokenParts(padded).slice(0, 4)).toEqual(tokenParts(bare).slice(0, 4))
})
