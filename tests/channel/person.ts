/**
 * One person in a process of their own, with a SecureChannel over a room: commands come as lines of JSON, and what
 * happens goes back as lines of JSON. Run with `--conditions=@securechat/source`.
 */
import { createInterface } from "node:readline"
import { SecureChannel, SecureChatError } from "@securechat/core"
import { webSocket } from "@securechat/transport-ws"

export interface Command {
  readonly do: "send" | "number" | "verify" | "restart" | "close"
  readonly text?: string
}
export interface Report {
  readonly event:
    "open" | "message" | "security" | "gap" | "number" | "sent" | "refused" | "connection" | "closed"
  readonly level?: string
  readonly reason?: string
  readonly text?: string
  readonly digits?: string
  readonly account?: string
  readonly missing?: number
}

const [url = "", context = ""] = process.argv.slice(2)
const report = (line: Report): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const channel = new SecureChannel({ pipe: webSocket(url), context, retry: { minMs: 20, maxMs: 100 } })
channel.on("security", ({ status: { level, reason } }) => {
  report({ event: "security", level, reason })
})
channel.on("message", ({ text = "", security: { level } }) => {
  report({ event: "message", text, level })
})
channel.on("gap", ({ missing }) => {
  report({ event: "gap", missing })
})
channel.on("connection", ({ state }) => {
  report({ event: "connection", text: state })
})

const act = async (command: Command): Promise<void> => {
  switch (command.do) {
    case "send":
      await channel.send(command.text ?? "")
      report({ event: "sent" })
      break
    case "number":
      report({ event: "number", digits: (await channel.safetyNumber()).digits })
      break
    case "verify":
      await channel.verify(await channel.safetyNumber())
      break
    case "restart":
      await channel.close()
      await channel.start()
      report({ event: "open", account: channel.accountId })
      break
    case "close":
      await channel.close()
      report({ event: "closed" })
      lines.close()
      process.stdin.destroy()
      break
  }
}
const lines = createInterface({ input: process.stdin })
lines.on("line", (line) => {
  act(JSON.parse(line) as Command).catch((error: unknown) => {
    report({ event: "refused", reason: SecureChatError.is(error) ? error.code : String(error) })
  })
})

channel
  .start()
  .then(() => {
    report({ event: "open", account: channel.accountId })
  })
  .catch((error: unknown) => {
    report({ event: "refused", reason: SecureChatError.is(error) ? error.code : String(error) })
  })
