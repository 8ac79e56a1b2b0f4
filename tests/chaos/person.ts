/**
 * One person in a process of its own: a chat on a sealed SQLite file that writes to the others as fast as its outbox
 * allows, and says on standard output what it was promised and what it was shown. Killed at any moment.
 */
import { createInterface } from "node:readline"
import { type Conversation, type Message, SecureChat, SecureChatError } from "@securechat/core"
import { sqliteStore } from "@securechat/core/store/sqlite"
import { webSocket } from "@securechat/transport-ws"

export interface Told {
  readonly event:
    | "open"
    | "connection"
    | "sending"
    | "sent"
    | "refused"
    | "shown"
    | "stored"
    | "kept"
    | "counted"
    | "missing"
    | "unreadable"
    | "waiting"
    | "error"
  readonly text?: string
  readonly late?: boolean
  /** Of `waiting`: own messages nobody has confirmed. */
  readonly count?: number
}
export interface Orders {
  readonly user: string
  readonly url: string
  readonly file: string
  /** Whom to write to, and the first number for each. */
  readonly to: Readonly<Record<string, number>>
}

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders
// Standard output is a pipe, and writing to one is synchronous here: what was said before a kill is heard.
const tell = (said: Told): void => {
  process.stdout.write(`${JSON.stringify(said)}\n`)
}
/** So many unconfirmed messages, and no more are written until some are. */
const AHEAD = 128
/** Of what is stored, newest first: what was stored and not shown before a kill is among it. */
const LOOK_BACK = 500

const chat = new SecureChat({
  user: orders.user,
  transport: webSocket(orders.url),
  store: sqliteStore(orders.file),
  storeKey: new Uint8Array(32).fill(7),
  retry: { minMs: 20, maxMs: 500 },
})
chat.on("error", (error) => {
  tell({ event: "error", text: error.code })
})
chat.on("connection", ({ state }) => {
  tell({ event: "connection", text: state })
})
/** An app lists what its store holds and goes on from there: what comes meanwhile is shown behind it, once. */
let early: Message[] | undefined = []
const listed = new Set<string>()
const show = ({ id, text = "", reordered }: Message): void => {
  if (!listed.has(id)) tell({ event: "shown", text, late: reordered !== undefined })
}
chat.on("message", (message) => {
  if (early === undefined) show(message)
  else early.push(message)
})
chat.on("gap", ({ first, last }) => {
  tell({ event: "missing", count: last - first + 1 })
})
chat.on("message:unreadable", ({ problem }) => {
  tell({ event: "unreadable", text: problem.code })
})
chat.on("outbox", ({ size }) => {
  tell({ event: "waiting", count: size })
})
await chat.start()
for (const conversation of await chat.conversations())
  for (const one of (await conversation.page({ limit: LOOK_BACK })).items)
    if ("security" in one && !one.mine) {
      listed.add(one.id)
      tell({ event: "stored", text: one.text ?? "", late: one.reordered !== undefined })
    }
for (const message of early) show(message)
early = undefined
listed.clear()
tell({ event: "open" })

let writing = true
const stillWriting = (): boolean => writing
const room = async (): Promise<void> => {
  while (stillWriting() && chat.getSnapshot().outbox >= AHEAD) await chat.once("outbox")
}
const open = async (peer: string): Promise<Conversation> => {
  for (;;)
    try {
      return await chat.direct(peer)
    } catch (error) {
      // Not there yet, or nobody to ask: asked again when the peer has written, or the connection has changed.
      if (!SecureChatError.is(error)) throw error
      await Promise.race([chat.once("connection"), chat.once("conversation")])
    }
}
const write = async (peer: string, first: number): Promise<void> => {
  const conversation = await open(peer)
  for (let number = first; writing; number++) {
    await room()
    if (!stillWriting()) return
    const text = `${orders.user}>${peer}#${number} `
    tell({ event: "sending", text })
    try {
      await conversation.send(text)
      tell({ event: "sent", text })
    } catch (error) {
      tell({ event: "refused", text: SecureChatError.is(error) ? error.code : "unknown" })
      await chat.once("outbox")
    }
  }
}
for (const [peer, first] of Object.entries(orders.to)) void write(peer, first)

/** Everything that was received and is kept. */
const count = async (): Promise<void> => {
  for (const conversation of await chat.conversations())
    for await (const one of conversation.history())
      if ("security" in one && !one.mine) tell({ event: "kept", text: one.text ?? "" })
  tell({ event: "counted" })
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "rest") {
    writing = false
    tell({ event: "waiting", count: chat.getSnapshot().outbox })
  }
  if (line === "count") await count()
  if (line === "close") break
}
await chat.close()
// A pipe that is read no more still holds the process.
process.stdin.destroy()
