/** Append-only builder of byte strings, the counterpart of `Reader`. */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { copy } from "./concat.ts"

export class Writer {
  #bytes: Bytes
  #length = 0

  /** @param room how many bytes are likely to come; it grows. */
  constructor(room = 256) {
    this.#bytes = new Uint8Array(room)
  }

  get length(): number {
    return this.#length
  }

  /** An unsigned number, big-endian. @throws ERR_INTERNAL where it does not fit or is above 2⁵³−1. */
  uint(bits: 8 | 16 | 32 | 64, value: number): this {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** bits)
      throw new SecureChatError("ERR_INTERNAL", `${value} does not fit its field`)
    const start = this.#grow(bits / 8)
    for (let at = this.#length - 1, rest = value; at >= start; at--, rest = Math.floor(rest / 256))
      this.#bytes[at] = rest % 256
    return this
  }
  u8(value: number): this {
    return this.uint(8, value)
  }
  u16(value: number): this {
    return this.uint(16, value)
  }
  u32(value: number): this {
    return this.uint(32, value)
  }
  u64(value: number): this {
    return this.uint(64, value)
  }
  /** Bytes as they are. */
  put(bytes: Uint8Array): this {
    const start = this.#grow(bytes.length)
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
    return this.uint(bits, bytes.length).put(bytes)
  }
  /** What was written. Call it last: it is a copy only where there was more room. */
  bytes(): Bytes {
    return this.#length === this.#bytes.length ? this.#bytes : copy(this.#bytes.subarray(0, this.#length))
  }

  /** Makes room; returns where it begins. */
  #grow(by: number): number {
    const start = this.#length
    this.#length += by
    if (this.#length > this.#bytes.length) {
      const next = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length))
      next.set(this.#bytes)
      this.#bytes = next
    }
    return start
  }
}
