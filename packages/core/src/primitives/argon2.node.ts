/** `#argon2` under the condition `node`: OpenSSL's since Node 24.7 (0.25 s at 64 MiB), noble's before. */
import * as crypto from "node:crypto"
import { copy } from "../bytes/concat.ts"
import { argon2id as portable } from "./argon2.default.ts"
import { ARGON2_OUTPUT_BYTES, type Argon2id } from "./argon2.ts"

/** Asked when called: Node 22 has no such function, and a build of Node 24 without OpenSSL 3.2 neither. */
const hasNative = (): boolean => typeof (crypto as { argon2?: unknown }).argon2 === "function"

export const argon2id: Argon2id = (passphrase, salt, cost, options = {}) => {
  if (!hasNative()) return portable(passphrase, salt, cost, options)
  const parameters = {
    ...{ message: passphrase, nonce: salt, tagLength: ARGON2_OUTPUT_BYTES },
    ...{ memory: cost.memoryKib, passes: cost.passes, parallelism: cost.lanes },
    ...{ secret: options.secret, associatedData: options.associated },
  }
  return new Promise((resolve, reject) => {
    crypto.argon2("argon2id", parameters, (error, key) => {
      if (error !== null) {
        reject(error)
        return
      }
      options.onProgress?.(1)
      resolve(copy(key))
    })
  })
}
