/** One writer in a process of its own: a chat on a SQLite file that sends what it is told to, and reports. */
import { createInterface } from "node:readline"
import { type Message, SecureChat } from "@securechat/core"
import { sqliteStore } from "@securechat/core/store/sqlite"
import { webSocket } from "@securechat/transport-ws"

export interface Report {
  readonly event: "open" | "refused" | "sent" | "failed" | "error" | "closed"
  readonly text?: string
  readonly code?: string
}
const [url = "", file = "", tabs] = process.argv.slice(2)
const report = (said: Report): void => {
  process.stdout.write(`${JSON.stringify(said)}\n`)
}
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error)

const chat = new SecureChat({
  user: "alice",
  transport: webSocket(url),
  store: sqliteStore(file),
  storeKey: new Uint8Array(32).fill(7),
  tabs: tabs === "takeover" ? "takeover" : "refuse",
})
chat.on("error", (error) => {
  report({ event: "error", code: error.code })
})
try {
  await chat.start()
  const toBob = await chat.direct("bob")
  chat.on("connection", ({ state }) => {
    if (state === "closed") report({ event: "closed" })
  })
  report({ event: "open" })
  const lines = createInterface({ input: process.stdin })
  for await (const text of lines) {
    if (text === "close") break
    await toBob.send(text).then(
      ({ text: sent = "" }: Message) => {
        report({ event: "sent", text: sent })
      },
      (error: unknown) => {
        report({ event: "failed", text, code: codeOf(error) })
      },
    )
  }
} catch (error) {
  report({ event: "refused", code: codeOf(error) })
}
await chat.close()
// Nothing else is left that keeps the process alive.
process.stdin.destroy()
