/**
 * Bounded cursor over received bytes. Every read checks what is left first, so a short input is
 * ERR_DECODE with its offset and a declared length allocates nothing (Mosquitto CVE-2023-0809).
 */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { copy } from "./concat.ts"

export class Reader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get offset(): number {
    return this.#offset
  }
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** An unsigned number, big-endian. One above 2⁵³−1 is refused: no number here may lose its last bits. */
  uint(bits: 8 | 16 | 32 | 64): number {
    let value = 0
    for (let at = this.#advance(bits / 8); at < this.#offset; at++)
      value = value * 256 + (this.#bytes[at] as number)
    return Number.isSafeInteger(value) ? value : this.fail("number above 2^53-1")
  }
  u8(): number {
    return this.uint(8)
  }
  u16(): number {
    return this.uint(16)
  }
  u32(): number {
    return this.uint(32)
  }
  u64(): number {
    return this.uint(64)
  }

  /** `length` bytes as a copy. */
  take(length: number): Bytes {
    const start = this.#advance(length)
    return copy(this.#bytes.subarray(start, start + length))
  }
  /** Everything left, as a copy. */
  rest(): Bytes {
    return this.take(this.remaining)
  }
  /** The bytes read since `start`, as received, as a copy: what a signature or MAC covers. */
  since(start: number): Bytes {
    return copy(this.#bytes.subarray(start, this.#offset))
  }
  /** Bytes behind a u8, u16 or u32 length of at most `max`. */
  prefixed(bits: 8 | 16 | 32, max: number): Bytes {
    const length = this.uint(bits)
    if (length > max) this.fail(`length ${length} over ${max}`)
    return this.take(length)
  }
  /** One byte that must have this value. */
  expect(value: number, what: string): void {
    if (this.u8() !== value) this.fail(`unexpected ${what}`, 1)
  }
  /** Nothing may be left. */
  end(): void {
    if (this.remaining > 0) this.fail(`${this.remaining} trailing bytes`)
  }
  /** @throws ERR_DECODE with the offset of `back` bytes ago. */
  fail(what: string, back = 0): never {
    const offset = this.#offset - back
    throw new SecureChatError("ERR_DECODE", `${what} at offset ${offset}`, { details: { offset } })
  }

  #advance(length: number): number {
    if (length > this.remaining) this.fail(`${length} bytes wanted, ${this.remaining} left`)
    const start = this.#offset
    this.#offset += length
    return start
  }
}
