/** What `npm run bench` measures of single primitives, as the protocol calls them. */
import { platformDeps } from "../../src/deps.ts"
import { bulkCipher } from "#bulk"
import { ed25519PublicKey, ed25519Sign, sha256, verifyStrict, x25519, x25519KeyPair } from "#primitives"

const { random } = platformDeps
const message = random(64)

export const tasks = {
  "aes-256-gcm": () => {
    const [cipher, nonce, chunk] = [bulkCipher(random(32)), random(12), random(65_536)]
    return { work: () => cipher.seal(nonce, chunk) }
  },
  sha256: () => {
    const block = random(1024)
    return { work: () => sha256(block) }
  },
  /** A pair of ours that lives, and keys of a peer that are new each time. */
  x25519: () => {
    const { secret } = x25519KeyPair(random(32))
    const peers = Array.from({ length: 2_000 }, () => x25519KeyPair(random(32)).publicKey)
    let next = 0
    return { work: () => x25519(secret.expose(), peers[next++ % peers.length] as Uint8Array) }
  },
  "ed25519-sign": () => {
    const seed = random(32)
    return { work: () => ed25519Sign(seed, message) }
  },
  "ed25519-verify": () => {
    const seed = random(32)
    const [publicKey, signature] = [ed25519PublicKey(seed), ed25519Sign(seed, message)]
    return {
      work: () => {
        if (!verifyStrict(publicKey, message, signature)) throw new Error("not verified")
      },
    }
  },
}
