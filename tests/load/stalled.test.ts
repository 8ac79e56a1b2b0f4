/**
 * Some readers stop reading while they are written to. The others must not notice, and when the stalled ones read again,
 * nothing is lost. Delays count from the moment a message was due, not from when a busy generator sent it.
 */
import { setTimeout as pause } from "node:timers/promises"
import { FRAME_TYPE, frameCodec } from "@securechat/core/wire"
import { expect, it } from "vitest"
import type { WireClient } from "../relay/support/wire-client.ts"
import { figure, percentile } from "./figure.ts"
import { ackOf, inBatches, member, prepared } from "./pairs.ts"
import { startServer } from "./process.ts"

const CLIENTS = Number(process.env["LOAD_STALL_CLIENTS"] ?? 40)
const STALLED = CLIENTS / 10
const FOR_MS = Number(process.env["LOAD_STALL_MS"] ?? 300)
const PER_SECOND = Number(process.env["LOAD_STALL_RATE"] ?? 200)
/** What is sent to readers that will stall: enough that window and socket fill. */
const STALLED_BYTES = 16 * 1024
const BYTES = 512
const TICK_MS = 5

class Line {
  readonly delaysMs: number[] = []
  readonly #dueMs: number[] = []
  readonly #submit: () => Buffer
  readonly sender: WireClient
  readonly receiver: WireClient
  sent = 0
  accepted = 0
  arrived = 0
  /** Called when all that was sent has arrived and was accepted. */
  onWhole = (): void => undefined

  constructor(sender: WireClient, receiver: WireClient, bytes: number) {
    this.sender = sender
    this.receiver = receiver
    this.#submit = prepared(sender.device, receiver.device, bytes).submit
    for (const { socket } of [sender, receiver]) socket.removeAllListeners("message")
    sender.socket.on("message", (data: Buffer) => {
      if (data[0] !== FRAME_TYPE.accepted)
        throw new Error(`not accepted: ${JSON.stringify(frameCodec.decode(data))}`)
      this.accepted += 1
      this.#check()
    })
    receiver.socket.on("message", (data: Buffer) => {
      if (data[0] !== FRAME_TYPE.deliver) return
      this.arrived += 1
      this.delaysMs.push(performance.now() - (this.#dueMs.shift() ?? Number.NaN))
      receiver.socket.send(ackOf(data))
      this.#check()
    })
  }

  send(dueMs: number): void {
    this.sent += 1
    this.#dueMs.push(dueMs)
    this.sender.socket.send(this.#submit())
  }

  whole(): Promise<void> {
    return new Promise((resolve) => {
      this.onWhole = resolve
      this.#check()
    })
  }
  #check(): void {
    if (this.accepted === this.sent && this.arrived === this.sent) this.onWhole()
  }
}

/** One after the other, at an even rate. */
async function drive(lines: readonly Line[]): Promise<void> {
  const beganMs = performance.now()
  const wanted = Math.round((FOR_MS * PER_SECOND) / 1000)
  for (let sent = 0; sent < wanted;) {
    for (; sent < wanted; sent++) {
      const dueMs = beganMs + (sent * 1000) / PER_SECOND
      if (dueMs > performance.now()) break
      lines[sent % lines.length]?.send(dueMs)
    }
    await pause(TICK_MS)
  }
}

it("lets nobody wait for those who do not read, and loses nothing of theirs", async () => {
  const server = await startServer("relay")
  const lines = await inBatches(CLIENTS / 2, async (number) => {
    const sender = await member(server.port, true)
    return new Line(sender, await member(server.port, true), number < STALLED ? STALLED_BYTES : BYTES)
  })
  const stalled = lines.slice(0, STALLED)
  const others = lines.slice(STALLED)
  const p99 = async (): Promise<number> => {
    for (const { delaysMs } of others) delaysMs.length = 0
    await drive(lines)
    await Promise.all(others.map((line) => line.whole()))
    return percentile(
      others.flatMap(({ delaysMs }) => delaysMs),
      0.99,
    )
  }
  await p99()
  const quietMs = await p99()
  for (const { receiver } of stalled) receiver.socket.pause()
  const stalledMs = await p99()
  for (const { receiver } of stalled) receiver.socket.resume()
  await Promise.all(lines.map((line) => line.whole()))
  for (const { sent, accepted, arrived } of lines) expect([accepted, arrived]).toEqual([sent, sent])
  console.log(
    `${STALLED} of ${CLIENTS} clients do not read: p99 of the others ${stalledMs.toFixed(1)} ms, ${quietMs.toFixed(1)} when all do`,
  )
  figure("with stalled readers, p99 of the others, times the quiet one", stalledMs / quietMs, "", {
    atMost: 2,
  })
  for (const { sender, receiver } of lines) for (const { socket } of [sender, receiver]) socket.terminate()
  await server.stop()
}, 600_000)
