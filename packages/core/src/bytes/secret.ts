/**
 * A secret inside plain state. Its printed form is redacted, so that a key never reaches a log through
 * `console.log(state)`, `JSON.stringify` or a test's diff (matrix-sdk-crypto 0.7.1 logged a backup key).
 * It cannot be wiped: JavaScript engines copy. It is dropped by letting the state that holds it go.
 */
import type { Bytes } from "../deps.ts"
import { copy } from "./concat.ts"

export class Secret {
  readonly #bytes: Bytes

  constructor(bytes: Uint8Array) {
    this.#bytes = copy(bytes)
  }
  /** The bytes themselves, not a copy: to compute with, never to keep or to change. */
  expose(): Bytes {
    return this.#bytes
  }
  get length(): number {
    return this.#bytes.length
  }
  toString(): string {
    return "[secret]"
  }
  toJSON(): string {
    return "[secret]"
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]"
  }
}

export const secret = (bytes: Uint8Array): Secret => new Secret(bytes)
