/**
 * Bounded cursor over received bytes. Every read checks what is left first, so a short input is
 * ERR_DECODE with its offset and a declared length allocates nothing (Mosquitto CVE-2023-0809).
 */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { copy } from "./concat.ts"

export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get offset(): number {
    return this.#offset
  }
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }
  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }
  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }
  /** A u64 above 2⁵³−1 is refused: no number here may lose its last bits. */
  u64(): number {
    const value = this.#view.getBigUint64(this.#advance(8))
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.fail("number above 2^53-1")
    return Number(value)
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
    const length = bits === 8 ? this.u8() : bits === 16 ? this.u16() : this.u32()
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
