/** Append-only builder of byte strings, the counterpart of `Reader`. */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { copy } from "./concat.ts"

export class Writer {
  #bytes: Bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    const start = this.#grow(1, value, 0xff)
    this.#view.setUint8(start, value)
    return this
  }
  u16(value: number): this {
    const start = this.#grow(2, value, 0xffff)
    this.#view.setUint16(start, value)
    return this
  }
  u32(value: number): this {
    const start = this.#grow(4, value, 0xffff_ffff)
    this.#view.setUint32(start, value)
    return this
  }
  u64(value: number): this {
    const start = this.#grow(8, value, Number.MAX_SAFE_INTEGER)
    this.#view.setBigUint64(start, BigInt(value))
    return this
  }
  /** Bytes as they are. */
  put(bytes: Uint8Array): this {
    const start = this.#grow(bytes.length, 0, 0)
    this.#bytes.set(bytes, start)
    return this
  }
  /** Bytes that must have exactly this length: a wrong key size must not shift a layout. */
  fixed(bytes: Uint8Array, length: number): this {
    if (bytes.length !== length)
      throw new SecureChatError("ERR_INTERNAL", `${bytes.length} bytes where ${length} belong`)
    return this.put(bytes)
  }
  /** Bytes behind a u8, u16 or u32 length. */
  prefixed(bits: 8 | 16 | 32, bytes: Uint8Array): this {
    if (bits === 8) this.u8(bytes.length)
    else if (bits === 16) this.u16(bytes.length)
    else this.u32(bytes.length)
    return this.put(bytes)
  }
  /** A copy of what was written. */
  bytes(): Bytes {
    return copy(this.#bytes.subarray(0, this.#length))
  }

  #grow(by: number, value: number, max: number): number {
    if (!Number.isSafeInteger(value) || value < 0 || value > max)
      throw new SecureChatError("ERR_INTERNAL", `${value} does not fit its field`)
    const start = this.#length
    this.#length += by
    if (this.#length > this.#bytes.length) {
      const next = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length))
      next.set(this.#bytes)
      this.#bytes = next
      this.#view = new DataView(next.buffer)
    }
    return start
  }
}
