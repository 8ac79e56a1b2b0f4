/** A chat page: what is typed goes to the server, what the server says is shown. */
import { io } from "socket.io-client"
import * as page from "../page.ts"

const socket = io({ query: { room: page.room } })
socket.on("chat", page.show)
page.onLine((line) => {
  socket.emit("chat", line)
})
