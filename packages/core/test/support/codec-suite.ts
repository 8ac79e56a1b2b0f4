/**
 * What every codec owes: both directions are each other's inverse, every truncation and every trailing byte is
 * a typed error, and no changed byte passes as another spelling of the same value.
 */
import { expect, it } from "vitest"
import type { Codec } from "../../src/bytes/codec.ts"
import { toHex } from "../../src/bytes/text.ts"
import { SecureChatError } from "../../src/errors.ts"

const typed = (fn: () => unknown): boolean => {
  try {
    fn()
    return false
  } catch (error) {
    if (SecureChatError.is(error, "ERR_DECODE", "ERR_VERSION_UNSUPPORTED", "ERR_STORE_TOO_NEW")) return true
    throw error
  }
}

/** @param bytes one genuine encoding. */
export const codecSuite = <T>(name: string, codec: Codec<T>, bytes: Uint8Array): void => {
  it(`${name} decodes to what encodes to the same bytes`, () => {
    expect(toHex(codec.encode(codec.decode(bytes)))).toBe(toHex(bytes))
  })

  it(`${name} refuses every truncation and a trailing byte`, () => {
    for (let length = 0; length < bytes.length; length++)
      expect(
        typed(() => codec.decode(bytes.subarray(0, length))),
        `${length} bytes`,
      ).toBe(true)
    expect(typed(() => codec.decode(Uint8Array.from([...bytes, 0])))).toBe(true)
  })

  it(`${name} is canonical: a flipped bit is refused or another value`, () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      try {
        expect(toHex(codec.encode(codec.decode(changed)))).toBe(toHex(changed))
      } catch (error) {
        if (!SecureChatError.is(error)) throw error
      }
    }
  })
}
