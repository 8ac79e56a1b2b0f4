import { memoryPipe, type CloseInfo } from "@securechat/core"
import { silentLogger, type TransportConnection, type TransportContext } from "@securechat/core/transport"
import { expect, test } from "vitest"
import { cuttable, type Cuttable } from "./faults.ts"

interface Ends {
  readonly context: TransportContext
  readonly frames: Uint8Array[]
  readonly closes: CloseInfo[]
}

const ends = (): Ends => {
  const frames: Uint8Array[] = []
  const closes: CloseInfo[] = []
  const context: TransportContext = {
    signal: new AbortController().signal,
    log: silentLogger,
    token: () => Promise.resolve(undefined),
    onFrame: (frame) => frames.push(frame),
    onClose: (info) => closes.push(info),
  }
  return { context, frames, closes }
}

const connected = async (): Promise<{
  cable: Cuttable
  near: Ends
  far: TransportConnection
  connection: TransportConnection
}> => {
  const [inner, other] = memoryPipe()
  const cable = cuttable(inner)
  const near = ends()
  const [connection, far] = await Promise.all([
    cable.transport.connect(near.context),
    other.connect(ends().context),
  ])
  return { cable, near, far, connection }
}

test("frames pass while the plug is in", async () => {
  const { near, far } = await connected()
  await far.send(Uint8Array.of(1, 2, 3))
  await expect.poll(() => near.frames).toEqual([Uint8Array.of(1, 2, 3)])
})

test("pulling the plug ends the connection once, unclean, and asks to be called back", async () => {
  const { cable, near, connection } = await connected()
  cable.cut(true)
  await connection.close()
  expect(near.closes).toEqual([{ clean: false, retry: "backoff" }])
})

test("nothing arrives after the plug is out", async () => {
  const { cable, near, far } = await connected()
  const sent = far.send(Uint8Array.of(9))
  cable.cut(true)
  await sent.catch(() => undefined)
  await far.close()
  expect(near.frames).toEqual([])
})

test("while the plug is out every attempt fails as if the relay were gone, and later ones do not", async () => {
  const [inner, other] = memoryPipe()
  const cable = cuttable(inner)
  cable.cut(true)
  await expect(cable.transport.connect(ends().context)).rejects.toMatchObject({
    code: "ERR_TRANSPORT_UNREACHABLE",
  })
  cable.cut(false)
  const [connection] = await Promise.all([
    cable.transport.connect(ends().context),
    other.connect(ends().context),
  ])
  expect(connection.bufferedBytes).toBe(0)
})

test("a plug pulled while it connects fails the attempt and closes what came of it", async () => {
  const [inner, other] = memoryPipe()
  const cable = cuttable(inner)
  const near = ends()
  const far = ends()
  const attempt = cable.transport.connect(near.context)
  cable.cut(true)
  await expect(attempt).rejects.toMatchObject({ code: "ERR_TRANSPORT_UNREACHABLE" })
  await other.connect(far.context).catch(() => undefined)
  expect(near.closes).toEqual([])
})

test("it says of itself what the transport inside says", () => {
  const [inner] = memoryPipe()
  const origin = "http://localhost:5000"
  expect(cuttable({ ...inner, name: "x", origin, maxFrameBytes: 7 }).transport).toMatchObject({
    name: "x",
    origin,
    maxFrameBytes: 7,
  })
})
