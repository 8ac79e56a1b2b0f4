/** The barest chunked AES-256-GCM of `node:crypto`: a key object made once, a counter as nonce, no head, no mark, nothing joined. */
import crypto from "node:crypto"

const CHUNK = 65_536
const STEP = 1024 * 1024
const key = crypto.createSecretKey(crypto.randomBytes(32))
const nonceOf = (index) => {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(index, 8)
  return nonce
}
const sealChunk = (chunk, index) => {
  const cipher = crypto.createCipheriv("aes-256-gcm", key, nonceOf(index))
  return [cipher.update(chunk), cipher.final(), cipher.getAuthTag()]
}
const openChunk = ([body, , tag], index) => {
  const decipher = crypto.createDecipheriv("aes-256-gcm", key, nonceOf(index), { authTagLength: 16 })
  decipher.setAuthTag(tag)
  return decipher.update(body).length + decipher.final().length
}

const step = crypto.randomBytes(STEP)
const chunks = Array.from({ length: STEP / CHUNK }, (_, i) => step.subarray(i * CHUNK, (i + 1) * CHUNK))
const expect = (bytes, mebibytes) => {
  if (bytes !== mebibytes * STEP) throw new Error(`${bytes} bytes`)
}

export const tasks = {
  seal: ({ mebibytes }) => ({
    worth: mebibytes,
    work: () => {
      let bytes = 0
      let index = 0
      for (let i = 0; i < mebibytes; i++)
        for (const chunk of chunks) bytes += sealChunk(chunk, index++)[0].length
      expect(bytes, mebibytes)
    },
  }),
  open: ({ mebibytes }) => {
    const sealed = []
    for (let i = 0; i < mebibytes; i++)
      for (const chunk of chunks) sealed.push(sealChunk(chunk, sealed.length))
    return {
      worth: mebibytes,
      work: () => {
        let bytes = 0
        for (const [index, chunk] of sealed.entries()) bytes += openChunk(chunk, index)
        expect(bytes, mebibytes)
      },
    }
  },
}
