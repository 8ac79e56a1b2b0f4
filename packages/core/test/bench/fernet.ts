/** What `npm run bench` measures of Fernet. */
import { Fernet } from "../../src/fernet/index.ts"
import { platformDeps } from "../../src/deps.ts"

export const tasks = {
  both: ({ bytes }: { readonly bytes: number }) => {
    const fernet = new Fernet(Fernet.generateKey())
    const content = new Uint8Array(bytes)
    for (let at = 0; at < bytes; at += 65_536)
      content.set(platformDeps.random(Math.min(65_536, bytes - at)), at)
    return { work: () => fernet.decrypt(fernet.encrypt(content)) }
  },
}
