import { EventEmitter } from "eventemitter3"
import fc from "fast-check"
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

/** One door to both: `on` returns its end, `emit` takes a number. */
interface Both {
  on(listener: (n: number) => void, once: boolean): () => void
  emit(n: number): void
}
const ours = (): Both => {
  const { emitter } = make()
  return {
    on: (listener, once) => emitter.on("number", listener, { once }),
    emit: (n) => {
      emitter.emit("number", n)
    },
  }
}
/** What it sends to whom was settled by millions of users. */
const theirs = (): Both => {
  const emitter = new EventEmitter<{ number: [number] }>()
  return {
    on: (listener, once) => {
      emitter[once ? "once" : "on"]("number", listener)
      return () => emitter.off("number", listener)
    },
    emit: (n) => emitter.emit("number", n),
  }
}
type Step = readonly [
  of: "on" | "once" | "off" | "emit" | "on in a listener" | "off in a listener",
  at: number,
]

/** Who heard what, in which order, while the steps are taken; a listener may come and go inside a listener. */
const heardOn = (both: Both, steps: readonly Step[]): string[] => {
  const heard: string[] = []
  const ends: (() => void)[] = []
  const listen = (once: boolean, inside: () => void = () => undefined): void => {
    const name = ends.length
    ends.push(
      both.on((n) => {
        heard.push(`${name} heard ${n}`)
        inside()
      }, once),
    )
  }
  for (const [of, at] of steps)
    if (of === "emit") both.emit(at)
    else if (of === "off") ends[at % (ends.length || 1)]?.()
    else if (of === "on" || of === "once") listen(of === "once")
    else if (of === "off in a listener") listen(false, () => ends[at % ends.length]?.())
    else
      listen(true, () => {
        listen(false)
      })
  return heard
}

it("sends to the same listeners, in the same order, as eventemitter3", () => {
  const step = fc.tuple(
    fc.constantFrom("on", "once", "off", "emit", "emit", "on in a listener", "off in a listener"),
    fc.nat(7),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      expect(heardOn(ours(), steps)).toEqual(heardOn(theirs(), steps))
    }),
    { numRuns: 300 },
  )
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
