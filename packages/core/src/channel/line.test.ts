import { manualClock, turn } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { platformDeps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { CloseInfo, Transport, TransportContext } from "../transport/transport.ts"
import { Line } from "./line.ts"
import { channelSettings } from "./options.ts"

/** A pipe whose every connection the test holds in its hands. */
const heldPipe = (
  onSend: (frame: Uint8Array, connection: number) => Promise<void> = () => Promise.resolve(),
): { readonly pipe: Transport; readonly contexts: TransportContext[]; readonly sent: number[][] } => {
  const contexts: TransportContext[] = []
  const sent: number[][] = []
  const pipe: Transport = {
    name: "held",
    connect: (context) => {
      const index = contexts.push(context) - 1
      let ended = false
      const close = (): Promise<void> => {
        if (!ended) context.onClose({ clean: true, retry: "backoff" })
        ended = true
        return Promise.resolve()
      }
      // A pipe may hand frames over while it connects.
      context.onFrame(Uint8Array.of(100 + index))
      const send = async (frame: Uint8Array): Promise<void> => {
        await onSend(frame, index)
        sent.push([index, ...frame])
      }
      return Promise.resolve({ bufferedBytes: 0, send, close })
    },
  }
  return { pipe, contexts, sent }
}

const lineOver = (
  pipe: Transport,
): { line: Line; heard: string[]; clock: ReturnType<typeof manualClock> } => {
  const clock = manualClock()
  const heard: string[] = []
  const environment = {
    deps: { random: platformDeps.random, nowMs: clock.nowMs },
    timers: clock.timers,
    elapsedMs: clock.nowMs,
  }
  const line = new Line(channelSettings({ pipe }), environment, {
    onUp: () => heard.push("up"),
    onDown: () => heard.push("down"),
    onFrame: (frame) => heard.push(`frame ${frame.join()}`),
    onChange: () => undefined,
    onGone: (left) => heard.push(left ? "left" : "gone"),
  })
  return { line, heard, clock }
}
const closed: CloseInfo = { clean: false, retry: "backoff" }

describe("the line of a channel", () => {
  it("hands over what came while it connected, after it is up", async () => {
    const { pipe, contexts } = heldPipe()
    const { line, heard } = lineOver(pipe)
    line.start()
    await turn()
    contexts[0]?.onFrame(Uint8Array.of(1))
    expect(heard).toEqual(["up", "frame 100", "frame 1"])
    await line.close()
    expect(heard).toEqual(["up", "frame 100", "frame 1", "down"])
  })

  it("sends the same bytes again when a connection ends under a message", async () => {
    const stuck = new Map<number, (error: Error) => void>()
    const { pipe, contexts, sent } = heldPipe((_, connection) =>
      connection > 0
        ? Promise.resolve()
        : new Promise((_resolve, reject) => {
            stuck.set(connection, reject)
          }),
    )
    const { line, clock } = lineOver(pipe)
    line.start()
    await turn()
    const delivered = line.deliver(Uint8Array.of(7))
    await turn()
    contexts[0]?.onClose(closed)
    stuck.get(0)?.(new SecureChatError("ERR_TRANSPORT_CLOSED", "cut"))
    await clock.advance(5_000)
    await turn()
    await delivered
    expect(sent).toEqual([[1, 7]])
    await line.close()
    expect(clock.pending).toBe(0)
  })

  it("says at once when the pipe refuses a frame and stays", async () => {
    const { pipe } = heldPipe(() => Promise.reject(new SecureChatError("ERR_FRAME_TOO_LARGE", "no")))
    const { line } = lineOver(pipe)
    line.start()
    await turn()
    await expect(line.deliver(Uint8Array.of(7))).rejects.toThrow(
      expect.objectContaining({ code: "ERR_FRAME_TOO_LARGE" }),
    )
    line.post(Uint8Array.of(8))
    await turn()
    await line.close()
  })

  it("lets nobody wait for a pipe that was closed", async () => {
    const { pipe } = heldPipe()
    const { line } = lineOver(pipe)
    const waiting = line.whenUp()
    await line.close()
    await expect(waiting).rejects.toThrow(expect.objectContaining({ code: "ERR_CLOSED" }))
    await expect(line.whenUp()).rejects.toThrow(expect.objectContaining({ code: "ERR_CLOSED" }))
  })
})
