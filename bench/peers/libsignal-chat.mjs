/**
 * A chat as one would put it together: libsignal-client around a forwarder that acknowledges. The sender encrypts and keeps the
 * message until the forwarder's word, the receiver decrypts, acknowledges and tells. No store but memory, no outbox, no
 * receipts, no order.
 */
import { WebSocket } from "ws"
import { BARE } from "../../tests/load/bare.ts"
import { chatClock, closedLoop } from "../../tests/load/closed-loop.ts"
import { startServer } from "../../tests/load/process.ts"
import { pair } from "./libsignal.mjs"

const opened = async (url) => {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject))
  return socket
}

/** One after another: a session's record must not be read again before it is written. */
const queue = () => {
  let last = Promise.resolve()
  return (work) => (last = last.then(work))
}

/** Two people over two sockets; what it returns sends one message. */
async function conversation(port, index, text, arrived) {
  const [mine, theirs] = [2 * index, 2 * index + 1]
  const [from, to] = await Promise.all(
    [mine, theirs].map((number) => opened(`ws://127.0.0.1:${port}/${number}`)),
  )
  const [ada, bo] = await pair()
  const [sending, receiving] = [queue(), queue()]
  const waiting = new Map()
  let number = 0
  from.on("message", (data) => {
    if (data[0] === BARE.accepted) waiting.delete(data.readUInt32BE(1))
  })
  to.on("message", (data) => {
    receiving(async () => {
      const opened = await bo.receive(ada.address, { first: false, bytes: data.subarray(9) })
      if (new TextDecoder().decode(opened) !== text) throw new Error("another text")
      to.send(Buffer.of(BARE.ack, ...data.subarray(1, 5)))
      arrived()
    })
  })
  const send = () =>
    void sending(async () => {
      const { bytes: sealed } = await ada.send(bo.address, Buffer.from(text))
      const head = Buffer.alloc(9)
      head[0] = BARE.submit
      head.writeUInt32BE(++number, 1)
      head.writeUInt32BE(theirs, 5)
      waiting.set(number, sealed)
      from.send(Buffer.concat([head, sealed]))
    })
  return { send, end: () => [from, to].forEach((socket) => socket.terminate()) }
}

export const tasks = {
  chat: async ({ bytes, pairs, window }) => {
    const server = await startServer("bare")
    const sends = []
    const loop = closedLoop(sends, window)
    const conversations = []
    for (let i = 0; i < pairs; i++) {
      const made = await conversation(server.port, i, "x".repeat(bytes), () => loop.arrived(i))
      conversations.push(made)
      sends.push(made.send)
    }
    const clock = chatClock(server)
    return {
      measure: async (forMs) => {
        const beganMs = clock()
        const messages = await loop.run(forMs)
        return (messages * 1000) / (clock() - beganMs)
      },
      end: async () => {
        for (const one of conversations) one.end()
        await server.stop()
      },
    }
  },
}
