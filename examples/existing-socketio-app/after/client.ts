/** A chat page: what is typed goes to the server, what the server says is shown. */
import { SecureChannel } from "@securechat/core"
import { socketIo } from "@securechat/transport-socketio"
import * as page from "../page.ts"

const pipe = socketIo(`${location.origin}?room=${page.room}`, { event: "chat", encoding: "base64url" })
const channel = new SecureChannel({ pipe, context: page.room })
channel.on("security", page.showLevel)
channel.on("message", ({ text = "" }) => page.show(JSON.parse(text) as page.Line))
page.onLine(async (line) => {
  await channel.send(JSON.stringify(line))
  page.show(line)
})
await channel.start()
