/** Socket.IO by hand, over a WebSocket that is there: the packets a right client would send, in the order it would. */
import type { WebSocket } from "ws"

/** Engine message, binary event with one attachment. */
const FRAME_HEAD = '451-["securechat.v1",{"_placeholder":true,"num":0}]'
const CONNECT = "40"
const GOODBYE = "41"

export interface PacketEvents {
  /** The default namespace is entered. */
  open(): void
  frame(bytes: Buffer): void
}

/** @throws Error at what a relay has no business to send. */
const onText = (socket: WebSocket, text: string, events: PacketEvents): void => {
  if (text.startsWith("0{")) socket.send(CONNECT)
  else if (text.startsWith("40{")) events.open()
  else if (text === "2") socket.send("3")
  else if (text === GOODBYE) socket.close()
  else if (text !== FRAME_HEAD) throw new Error(`unexpected packet ${text}`)
}

export interface PacketSocket {
  send(bytes: Uint8Array): void
  leave(): void
}

export const packets = (socket: WebSocket, events: PacketEvents): PacketSocket => {
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) events.frame(data)
    else onText(socket, data.toString(), events)
  })
  return {
    send: (bytes) => {
      socket.send(FRAME_HEAD)
      socket.send(bytes)
    },
    leave: () => {
      socket.send(GOODBYE)
    },
  }
}
