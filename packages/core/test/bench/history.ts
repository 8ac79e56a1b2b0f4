/** What `npm run bench` measures of a long conversation: a sealed SQLite store, and pages at three places of it. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sqliteStore } from "../../src/store/sqlite.ts"
import { filled } from "../history/history.ts"

export const tasks = {
  pages: async ({ messages }: { readonly messages: number }) => {
    const folder = mkdtempSync(join(tmpdir(), "securechat-history-"))
    const store = () => sqliteStore(join(folder, "store.db"))
    const ground = { store, key: new Uint8Array(32).fill(7), usedBytes: () => 0 }
    const { chat, store: held } = await filled(ground, messages)
    const [conversation] = await chat.conversations()
    if (conversation === undefined) throw new Error("no conversation")
    const { older } = await conversation.page()
    const around = `m-${String(messages >> 1)}`
    return {
      worth: 3,
      work: async () => {
        const pages = [
          await conversation.page(),
          await conversation.page({ before: older }),
          await conversation.page({ around }),
        ]
        for (const { items } of pages) if (items.length !== 50) throw new Error(`${items.length} items`)
      },
      end: async () => {
        await chat.close()
        await held.close?.()
        rmSync(folder, { recursive: true })
      },
    }
  },
}
