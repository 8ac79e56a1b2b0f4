import { faultyStore } from "@securechat/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { memoryStore } from "../store/memory.ts"
import { backoffMs, uniform } from "./backoff.ts"
import { Batch, commit } from "./commit.ts"
import { Queue } from "./queue.ts"

describe("a queue", () => {
  it("runs work one after another under any schedule, and a failure stops nobody else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
        async (s, fails) => {
          const queue = new Queue()
          const trace: string[] = []
          const results = fails.map((fail, i) =>
            queue.run(async () => {
              trace.push(`start ${i}`)
              await s.schedule(Promise.resolve())
              trace.push(`end ${i}`)
              if (fail) throw new Error(`work ${i}`)
              return i
            }),
          )
          const settled = Promise.allSettled(results)
          await s.waitFor(settled)
          expect(trace).toEqual(fails.flatMap((_, i) => [`start ${i}`, `end ${i}`]))
          expect((await settled).map((result) => result.status === "rejected")).toEqual(fails)
        },
      ),
    )
  })

  it("is idle when all work has ended, also what was added meanwhile", async () => {
    const queue = new Queue()
    let done = 0
    void queue.run(() => {
      void queue.run(() => {
        done += 1
      })
      done += 1
    })
    await queue.idle()
    expect(done).toBe(2)
  })
})

describe("back-off", () => {
  it("stays within its range for every attempt", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        (attempt, bytes) => {
          const random = uniform(() => bytes)
          expect(random).toBeGreaterThanOrEqual(0)
          expect(random).toBeLessThan(1)
          const wait = backoffMs(attempt, random, { minMs: 500, maxMs: 30_000 })
          expect(wait).toBeGreaterThanOrEqual(50)
          expect(wait).toBeLessThan(Math.min(30_000, 500 * 2 ** Math.min(attempt - 1, 30)) + 1)
        },
      ),
    )
  })
})

describe("a commit", () => {
  it("writes the last operation per path, in one batch", async () => {
    const store = faultyStore(memoryStore())
    await commit(
      store,
      new Batch().set(["a"], Uint8Array.of(1)).put(["a"], undefined).put(["b"], Uint8Array.of(2)),
    )
    expect(store.batches).toBe(1)
    expect(await store.get(["a"])).toBeUndefined()
    expect(await store.get(["b"])).toEqual(Uint8Array.of(2))
    await commit(store, new Batch())
    expect(store.batches).toBe(1)
  })

  it("fails as ERR_STORE_UNAVAILABLE with the driver's error as its cause", async () => {
    const store = faultyStore(memoryStore())
    store.failAt(1, "before")
    await expect(commit(store, new Batch().set(["a"], Uint8Array.of(1)))).rejects.toMatchObject({
      code: "ERR_STORE_UNAVAILABLE",
      cause: expect.objectContaining({ message: "store fault at batch 1" }) as Error,
    })
  })

  it("is made where it is stored and only the driver's answer was lost", async () => {
    const inner = memoryStore()
    await inner.batch([{ type: "set", key: ["b"], value: Uint8Array.of(1) }])
    const store = faultyStore(inner)
    store.failAt(1, "after")
    await commit(store, new Batch().set(["a"], Uint8Array.of(1)).delete(["b"]))
    expect(await store.get(["a"])).toEqual(Uint8Array.of(1))
    await expect(commit(store, new Batch().set(["a"], Uint8Array.of(2)))).rejects.toThrow()
  })

  it("fails where nothing can be read either", async () => {
    const store = faultyStore(memoryStore())
    store.failAt(1, "after")
    const blind = { ...store, get: () => Promise.reject(new Error("unreadable")) }
    await expect(commit(blind, new Batch().set(["a"], Uint8Array.of(1)))).rejects.toMatchObject({
      code: "ERR_STORE_UNAVAILABLE",
    })
  })
})
