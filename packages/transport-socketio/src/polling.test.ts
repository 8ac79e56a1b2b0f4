/** The listener over long polling, which is off unless asked for, with the library's own client. */
import type { ConnectionOrigin } from "@securechat/core/transport"
import { recordedEnd, turn } from "@securechat/testkit"
import { type ManagerOptions, type Socket, io } from "socket.io-client"
import { afterEach, describe, expect, it } from "vitest"
import { type Started, startListener } from "../test/server.ts"

const MAX = 80 * 1024 + 512
let started: Started | undefined
let client: Socket | undefined
const start = async (admit: (from: ConnectionOrigin) => boolean = () => true): Promise<Started> =>
  (started = await startListener({ polling: true, closeTimeoutMs: 100 }, { admit }))
afterEach(async () => {
  client?.disconnect()
  client = undefined
  await started?.stop()
  started = undefined
})

const connect = ({ url }: Started, options: Partial<ManagerOptions> = {}): Promise<Socket> => {
  const socket = io(url, { forceNew: true, reconnection: false, transports: ["polling"], ...options })
  client = socket
  return new Promise((resolve, reject) => {
    socket.on("connect", () => {
      resolve(socket)
    })
    socket.on("connect_error", reject)
  })
}
const frames = (socket: Socket): Uint8Array[] => {
  const seen: Uint8Array[] = []
  socket.on("securechat.v1", (frame: Uint8Array) => seen.push(frame))
  return seen
}
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 31 + (i >>> 8))

describe("socketIoListener over polling", () => {
  it("carries frames of all sizes both ways, in order, and the client's goodbye", async () => {
    const here = await start()
    const [near, far] = await Promise.all([connect(here), recordedEnd(here.transport)])
    const seen = frames(near)
    // An empty frame comes alone: the library reckons its size as NaN, and puts all that waits into one body.
    near.emit("securechat.v1", new Uint8Array())
    await far.arrived(1)
    const sizes = [1, 1_000, MAX, 5]
    for (const size of sizes) near.emit("securechat.v1", pattern(size))
    for (const size of sizes) await far.connection.send(pattern(size))
    await far.arrived(1 + sizes.length)
    while (seen.length < sizes.length) await turn()
    for (const [i, size] of sizes.entries()) {
      expect(Buffer.compare(far.frames[1 + i]!, pattern(size))).toBe(0)
      expect(Buffer.compare(seen[i]!, pattern(size))).toBe(0)
    }
    expect(far.connection.bufferedBytes).toBe(0)
    near.disconnect()
    expect(await far.closed).toEqual({ clean: true, retry: "backoff" })
  })

  it("goes over to a WebSocket and loses nothing by it", async () => {
    const here = await start()
    const [near, far] = await Promise.all([
      connect(here, { transports: ["polling", "websocket"] }),
      recordedEnd(here.transport),
    ])
    const seen = frames(near)
    let count = 0
    while (near.io.engine.transport.name !== "websocket" || count < 50) {
      near.emit("securechat.v1", Uint8Array.of(count))
      await far.connection.send(Uint8Array.of(count))
      count = (count + 1) % 256
      await turn()
    }
    near.emit("securechat.v1", pattern(MAX))
    await far.connection.send(pattern(MAX))
    while (seen.at(-1)?.length !== MAX || far.frames.at(-1)?.length !== MAX) await turn()
    for (const got of [seen, far.frames])
      expect(got.slice(0, -1).map(([value]) => value)).toEqual(got.slice(0, -1).map((_, i) => i % 256))
  })

  it("ends at a frame over the limit, which base64 would let through", async () => {
    const here = await start()
    const [near, far] = await Promise.all([connect(here), recordedEnd(here.transport)])
    near.emit("securechat.v1", pattern(MAX + 100))
    expect(await far.closed).toMatchObject({ clean: false, code: 1009 })
    expect(far.frames).toEqual([])
  })

  it("refuses a body far over it while it comes in", async () => {
    const here = await start()
    const [near, far] = await Promise.all([connect(here), recordedEnd(here.transport)])
    near.emit("securechat.v1", pattern(2 * MAX))
    expect(await far.closed).toMatchObject({ clean: false })
    expect(far.frames).toEqual([])
  })

  it("asks whether to admit before a session begins, and knows its page by its origin from then on", async () => {
    const page = "https://app.example"
    const here = await start(({ origin }) => origin === undefined || origin === page)
    const address = `${here.url}/socket.io/?EIO=4&transport=polling`
    expect((await fetch(address, { headers: { Origin: "https://evil.example" } })).status).toBe(403)

    const begun = await fetch(address, { headers: { Origin: page } })
    expect(begun.status).toBe(200)
    expect(begun.headers.get("access-control-allow-origin")).toBe(page)
    expect(begun.headers.get("x-content-type-options")).toBe("nosniff")
    expect(begun.headers.get("content-encoding")).toBeNull()
    const { sid } = JSON.parse((await begun.text()).slice(1)) as { sid: string }
    const post = (origin: string): Promise<Response> =>
      fetch(`${address}&sid=${sid}`, { method: "POST", headers: { Origin: origin }, body: "40" })
    expect((await post("https://evil.example")).status).toBe(403)
    expect((await post(page)).status).toBe(200)
    expect((await fetch(`${address}&sid=constructor`)).status).toBe(400)
  })

  it("ends a session whose body is no packets", async () => {
    const here = await start()
    const far = recordedEnd(here.transport)
    const address = `${here.url}/socket.io/?EIO=4&transport=polling`
    const { sid } = JSON.parse((await (await fetch(address)).text()).slice(1)) as { sid: string }
    await fetch(`${address}&sid=${sid}`, { method: "POST", body: "40\x1e42[\x1e4" })
    expect(await (await far).closed).toMatchObject({ clean: false, code: 1002 })
  })

  it("ends with its listener, polls that wait included", async () => {
    const here = await start()
    const [near, far] = await Promise.all([connect(here), recordedEnd(here.transport)])
    const gone = new Promise((resolve) => near.on("disconnect", resolve))
    await here.listener.close()
    expect(await gone).toBe("io server disconnect")
    expect((await far.closed).clean).toBe(true)
    expect((await fetch(`${here.url}/socket.io/?EIO=4&transport=polling`)).status).toBe(503)
  })
})
