/** npm `fernet`. It knows text only, so its content is text of the same length. */
import fernet from "fernet"

export const tasks = {
  both: ({ bytes }) => {
    const secret = new fernet.Secret(Buffer.alloc(32, 7).toString("base64url") + "=")
    const content = "x".repeat(bytes)
    return {
      work: () => {
        const token = new fernet.Token({ secret }).encode(content)
        return new fernet.Token({ secret, token, ttl: 0 }).decode()
      },
    }
  },
}
