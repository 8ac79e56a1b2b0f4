/** The barest Fernet that `node:crypto` can be made to do: key objects made once, nothing checked beyond the tag. */
import crypto from "node:crypto"

const signing = crypto.createSecretKey(crypto.randomBytes(16))
const encryption = crypto.createSecretKey(crypto.randomBytes(16))

const seal = (content) => {
  const head = Buffer.alloc(25)
  head[0] = 0x80
  head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)), 1)
  crypto.randomFillSync(head, 9, 16)
  const cipher = crypto.createCipheriv("aes-128-cbc", encryption, head.subarray(9))
  const body = Buffer.concat([head, cipher.update(content), cipher.final()])
  const tag = crypto.createHmac("sha256", signing).update(body).digest()
  return Buffer.concat([body, tag]).toString("base64url")
}
const open = (text) => {
  const token = Buffer.from(text, "base64url")
  const body = token.subarray(0, -32)
  const tag = crypto.createHmac("sha256", signing).update(body).digest()
  if (!crypto.timingSafeEqual(tag, token.subarray(-32))) throw new Error("tag")
  const decipher = crypto.createDecipheriv("aes-128-cbc", encryption, body.subarray(9, 25))
  return Buffer.concat([decipher.update(body.subarray(25)), decipher.final()])
}

export const tasks = {
  both: ({ bytes }) => {
    const content = crypto.randomBytes(bytes)
    return { work: () => open(seal(content)) }
  },
}
