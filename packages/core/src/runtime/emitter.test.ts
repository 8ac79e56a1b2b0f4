import { describe, expect, it } from "vitest"
import { Emitter } from "./emitter.ts"

interface Events {
  number: number
  text: string
}
const make = (): { emitter: Emitter<Events>; thrown: unknown[]; dropped: string[] } => {
  const thrown: unknown[] = []
  const dropped: string[] = []
  const emitter = new Emitter<Events>({
    onThrow: (cause) => thrown.push(cause),
    onDrop: (type) => dropped.push(type),
  })
  return { emitter, thrown, dropped }
}
const take = async <T>(events: AsyncIterable<T>): Promise<T[]> => {
  const taken: T[] = []
  for await (const event of events) taken.push(event)
  return taken
}

describe("on", () => {
  it("gives each listener each event until its end is called", () => {
    const { emitter } = make()
    const seen: number[] = []
    const off = emitter.on("number", (n) => seen.push(n))
    emitter.emit("number", 1)
    off()
    off()
    emitter.emit("number", 2)
    expect(seen).toEqual([1])
  })

  it("goes on to the next listener when one throws, and tells what was thrown", () => {
    const { emitter, thrown } = make()
    const seen: number[] = []
    const fault = new Error("listener")
    emitter.on("number", () => {
      throw fault
    })
    emitter.on("number", (n) => seen.push(n))
    emitter.emit("number", 1)
    expect(seen).toEqual([1])
    expect(thrown).toEqual([fault])
  })

  it("ends with its signal, at once with a fired one, and after one event with `once`", () => {
    const { emitter } = make()
    const controller = new AbortController()
    const seen: string[] = []
    emitter.on("number", () => seen.push("signal"), { signal: controller.signal })
    emitter.on("number", () => seen.push("once"), { once: true })
    emitter.emit("number", 1)
    controller.abort()
    emitter.on("number", () => seen.push("late"), { signal: controller.signal })
    emitter.emit("number", 2)
    expect(seen).toEqual(["signal", "once"])
  })
})

describe("once", () => {
  it("resolves with the next event", async () => {
    const { emitter } = make()
    const next = emitter.once("text")
    emitter.emit("number", 1)
    emitter.emit("text", "a")
    emitter.emit("text", "b")
    await expect(next).resolves.toBe("a")
  })

  it("rejects with ERR_ABORTED by its signal and with ERR_CLOSED at the end", async () => {
    const { emitter } = make()
    const controller = new AbortController()
    const one = emitter.once("text", { signal: controller.signal })
    const reason = new Error("enough")
    controller.abort(reason)
    await expect(one).rejects.toMatchObject({ code: "ERR_ABORTED", cause: reason })
    await expect(emitter.once("text", { signal: controller.signal })).rejects.toMatchObject({
      code: "ERR_ABORTED",
    })
    const two = emitter.once("text")
    emitter.endWaits()
    await expect(two).rejects.toMatchObject({ code: "ERR_CLOSED" })
  })
})

describe("events", () => {
  it("hands out what came since the call, in order, and ends when the emitter does", async () => {
    const { emitter } = make()
    const events = emitter.events("number")
    emitter.emit("number", 1)
    emitter.emit("number", 2)
    emitter.endWaits()
    emitter.emit("number", 3)
    await expect(take(events)).resolves.toEqual([1, 2])
  })

  it("wakes a waiting reader, and ends with its signal", async () => {
    const { emitter } = make()
    const controller = new AbortController()
    const taking = take(emitter.events("number", { signal: controller.signal }))
    await Promise.resolve()
    emitter.emit("number", 1)
    await Promise.resolve()
    controller.abort()
    await expect(taking).resolves.toEqual([1])
    await expect(take(emitter.events("number", { signal: controller.signal }))).resolves.toEqual([])
  })

  it("unsubscribes when the reader breaks", async () => {
    const { emitter, dropped } = make()
    const events = emitter.events("number", { buffer: 1 })
    emitter.emit("number", 1)
    for await (const event of events) if (event === 1) break
    for (let i = 0; i < 5; i++) emitter.emit("number", i)
    expect(dropped).toEqual([])
    await expect(events.next()).resolves.toEqual({ done: true, value: undefined })
  })

  it("drops the oldest over its bound and tells it once per overflow", async () => {
    const { emitter, dropped } = make()
    const events = emitter.events("number", { buffer: 2 })
    for (let i = 0; i < 5; i++) emitter.emit("number", i)
    expect(dropped).toEqual(["number"])
    expect([(await events.next()).value, (await events.next()).value]).toEqual([3, 4])
    for (let i = 0; i < 3; i++) emitter.emit("number", i)
    expect(dropped).toEqual(["number", "number"])
  })
})
