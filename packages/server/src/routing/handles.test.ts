import { type Bytes, RELAY_CODE as CODE } from "@securechat/core/wire"
import { describe, expect, it } from "vitest"
import { type Line, bench } from "../../test/support/bench.ts"

const none = new Uint8Array(0)
const flip = (bytes: Bytes, at: number): Bytes => {
  const copy = new Uint8Array(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
const bodyOf = (line: Line, request: number): Bytes => {
  const answer = line.answer(request)
  if (answer?.type !== "ok") throw new Error(`request ${request}: ${JSON.stringify(answer)}`)
  return answer.body
}

describe("a handle", () => {
  const get = async (line: Line, request: number, handle: string): Promise<boolean> => {
    await line.send({ type: "handleGet", request, handle })
    return line.answer(request)?.type === "ok"
  }

  it("belongs to the first who claims it, who may claim it again", async () => {
    const { login } = bench()
    const alice = await login()
    const set = alice.device.handleSet(3, "alice")
    await alice.send(set)
    await alice.send(alice.device.handleSet(4, "alice", 2))
    await alice.send({ ...set, request: 5 })
    expect([alice.answer(3)?.type, alice.answer(4)?.type]).toEqual(["ok", "ok"])
    expect(alice.answer(5)).toMatchObject({ type: "nack", code: CODE.refused })
    const mallory = await login()
    await mallory.send(mallory.device.handleSet(3, "alice"))
    expect(mallory.answer(3)).toEqual({ type: "nack", request: 3, code: CODE.refused, retryAfterMs: 0 })
    await mallory.send({ type: "handleGet", request: 4, handle: "alice" })
    expect(bodyOf(mallory, 4)).toEqual(alice.device.handleSet(0, "alice", 2).record)
  })

  it("[R15] of another account, altered or unreadable is refused", async () => {
    const { login, device } = bench()
    const line = await login()
    await line.send({ ...device().handleSet(3, "bob"), request: 3 })
    const own = line.device.handleSet(4, "bob").record
    await line.send({ type: "handleSet", request: 4, record: flip(own, own.length - 1) })
    await line.send({ type: "handleSet", request: 5, record: none })
    expect([line.answer(3), line.answer(4), line.answer(5)]).toMatchObject([
      { code: CODE.refused },
      { code: CODE.refused },
      { code: CODE.malformed },
    ])
  })

  it("is free at once after its last device said goodbye", async () => {
    const { login } = bench()
    const alice = await login()
    const other = await login()
    await alice.send(alice.device.handleSet(3, "alice"))
    expect(await get(other, 3, "alice")).toBe(true)
    await alice.send({ type: "bye", request: 0, code: 0 })
    expect(alice.closedWith).toBe(1000)
    expect(await get(other, 4, "alice")).toBe(false)
    await other.send(other.device.handleSet(5, "alice"))
    expect(other.answer(5)?.type).toBe("ok")
  })

  it("is kept for 60 seconds after its device vanished, and for good when it is back in time", async () => {
    const { login, clock } = bench()
    const alice = await login()
    const other = await login()
    await alice.send(alice.device.handleSet(3, "alice"))
    await alice.vanish()
    await clock.advance(59_000)
    const back = await login(alice.device)
    await clock.advance(50_000)
    const watcher = await login()
    expect(await get(watcher, 3, "alice")).toBe(true)
    await back.vanish()
    await clock.advance(59_000)
    expect(await get(await login(), 3, "alice")).toBe(true)
    await clock.advance(1_000)
    expect(await get(await login(), 3, "alice")).toBe(false)
    expect(other.closedWith).toBe(4004)
  })

  it("is one the app has named, where an app decides", async () => {
    const { login } = bench({ auth: { authorize: () => Promise.resolve({ allow: true, handle: "alice" }) } })
    const line = await login()
    await line.send(line.device.handleSet(3, "admin"))
    await line.send(line.device.handleSet(4, "alice"))
    expect([line.answer(3)?.type, line.answer(4)?.type]).toEqual(["nack", "ok"])
    const without = bench({ auth: { authorize: () => Promise.resolve({ allow: true }) } })
    const none = await without.login()
    await none.send(none.device.handleSet(3, "alice"))
    expect(none.answer(3)).toMatchObject({ code: CODE.refused })
  })

  it("is one of at most four, and of a limited rate", async () => {
    const { login } = bench({ limits: { buckets: { handle: { size: 6, perSecond: 1 } } } })
    const line = await login()
    for (let i = 0; i < 7; i++) await line.send(line.device.handleSet(3 + i, `name${i}`))
    expect([line.answer(6)?.type, line.answer(7), line.answer(9)]).toMatchObject([
      "ok",
      { code: CODE.full },
      { code: CODE.limited },
    ])
  })
})
