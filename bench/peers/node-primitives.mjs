/** Single primitives of `node:crypto`, called as bare as can be: key objects made beforehand, nothing checked. */
import crypto from "node:crypto"

const message = crypto.randomBytes(64)
const pair = crypto.generateKeyPairSync("ed25519")

export const tasks = {
  "aes-256-gcm": () => {
    const [key, nonce, chunk] = [
      crypto.createSecretKey(crypto.randomBytes(32)),
      crypto.randomBytes(12),
      crypto.randomBytes(65_536),
    ]
    return {
      work: () => {
        const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce)
        return [cipher.update(chunk), cipher.final(), cipher.getAuthTag()]
      },
    }
  },
  sha256: () => {
    const block = crypto.randomBytes(1024)
    return { work: () => crypto.hash("sha256", block, "buffer") }
  },
  x25519: () => {
    const { privateKey } = crypto.generateKeyPairSync("x25519")
    const { publicKey } = crypto.generateKeyPairSync("x25519")
    return { work: () => crypto.diffieHellman({ privateKey, publicKey }) }
  },
  "ed25519-sign": () => ({ work: () => crypto.sign(null, message, pair.privateKey) }),
  "ed25519-verify": () => {
    const signature = crypto.sign(null, message, pair.privateKey)
    return { work: () => crypto.verify(null, message, pair.publicKey, signature) }
  },
}
