/** Several keys, for changing them without a break: the first encrypts, all decrypt. Names as in Python's `cryptography`. */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { Fernet, TtlOptions } from "./fernet.ts"
import { InvalidToken } from "./invalid-token.ts"

export class MultiFernet {
  readonly #first: Fernet
  readonly #all: readonly Fernet[]

  /** @param fernets newest key first. @throws ERR_CONFIG_INVALID when there is none. */
  constructor(fernets: readonly Fernet[]) {
    const [first] = fernets
    if (first === undefined)
      throw new SecureChatError("ERR_CONFIG_INVALID", "MultiFernet needs at least one Fernet")
    this.#first = first
    this.#all = [...fernets]
  }

  /** Under the first key. @throws ERR_DECODE on a lone surrogate. */
  encrypt(data: Uint8Array | string): string {
    return this.#first.encrypt(data)
  }

  /** Under the first key. @throws ERR_CONFIG_INVALID, ERR_DECODE */
  encryptAtTime(data: Uint8Array | string, currentTime: number): string {
    return this.#first.encryptAtTime(data, currentTime)
  }

  /** Under whichever key fits. @throws InvalidToken, ERR_CONFIG_INVALID */
  decrypt(token: string | Uint8Array, options: TtlOptions = {}): Bytes {
    return this.#try((fernet) => fernet.decrypt(token, options))
  }

  /** Under whichever key fits. @throws InvalidToken, ERR_CONFIG_INVALID */
  decryptAtTime(token: string | Uint8Array, options: { ttl: number; currentTime: number }): Bytes {
    return this.#try((fernet) => fernet.decryptAtTime(token, options))
  }

  /** Seconds since 1970, of a token of any of the keys. @throws InvalidToken */
  extractTimestamp(token: string | Uint8Array): number {
    return this.#try((fernet) => fernet.extractTimestamp(token))
  }

  /** The same data and timestamp under the first key, with a new IV; the age is not checked. @throws InvalidToken */
  rotate(token: string | Uint8Array): string {
    return this.#try((fernet) =>
      this.#first.encryptAtTime(fernet.decrypt(token), fernet.extractTimestamp(token)),
    )
  }

  #try<T>(attempt: (fernet: Fernet) => T): T {
    for (const fernet of this.#all) {
      try {
        return attempt(fernet)
      } catch (error) {
        if (!SecureChatError.is(error, "ERR_INVALID_TOKEN")) throw error
      }
    }
    throw new InvalidToken()
  }
}
