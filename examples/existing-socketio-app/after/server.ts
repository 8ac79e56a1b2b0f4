/** A chat server: everybody in a room hears every line. What it is told, it prints. */
import { Server } from "socket.io"
import { serve } from "../serve.ts"

const io = new Server(await serve(import.meta.dirname))
io.on("connection", async (socket) => {
  const room = String(socket.handshake.query["room"])
  await socket.join(room)
  socket.on("chat", (line: unknown) => {
    console.log(room, line)
    io.to(room).emit("chat", line)
  })
})
