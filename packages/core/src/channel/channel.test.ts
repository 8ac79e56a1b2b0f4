import { type ManualClock, manualClock, turn } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { platformDeps } from "../deps.ts"
import type { SecureChatError } from "../errors.ts"
import { createIdentity } from "../identity/keys.ts"
import { MAX_CONTENT_BYTES } from "../limits.ts"
import { memoryStore } from "../store/memory.ts"
import type { Store } from "../store/store.ts"
import { memoryPipe } from "../transport/memory.ts"
import type { Transport, TransportContext } from "../transport/transport.ts"
import { SecureChannel } from "./channel.ts"
import type { ChannelEvents, ChannelMessage, ChannelOptions } from "./types.ts"

const clock: ManualClock = manualClock()
const environment = {
  deps: { random: platformDeps.random, nowMs: clock.nowMs },
  timers: clock.timers,
  elapsedMs: clock.nowMs,
}
/** Lets time pass; after each timer everything that can go on has gone on. */
const pass = async (ms: number): Promise<void> => {
  const until = clock.nowMs() + ms
  await turn()
  for (let at = clock.nextAtMs; at !== undefined && at <= until; at = clock.nextAtMs) {
    await clock.advance(at - clock.nowMs())
    await turn()
  }
  await clock.advance(until - clock.nowMs())
  await turn()
}
const opened: SecureChannel[] = []
const channel = (options: ChannelOptions): SecureChannel => {
  const made = new SecureChannel(options, environment)
  opened.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()))
  expect(clock.pending).toBe(0)
})

const coded = (code: string): unknown => expect.objectContaining({ code })
type Options = Omit<ChannelOptions, "pipe">

const pairOf = async (
  a: Options = {},
  b: Options = {},
): Promise<{
  readonly ada: SecureChannel
  readonly bo: SecureChannel
  readonly pipes: readonly [Transport, Transport]
}> => {
  const pipes = memoryPipe()
  const [ada, bo] = [channel({ pipe: pipes[0], ...a }), channel({ pipe: pipes[1], ...b })]
  await Promise.all([ada.start(), bo.start()])
  return { ada, bo, pipes }
}

const record = <K extends keyof ChannelEvents>(from: SecureChannel, type: K): ChannelEvents[K][] => {
  const events: ChannelEvents[K][] = []
  from.on(type, (event) => events.push(event))
  return events
}

describe("SecureChannel over a pipe in one process", () => {
  it("opens at yellow on both sides and carries text and bytes", async () => {
    const { ada, bo } = await pairOf()
    expect([ada.security.level, ada.security.reason]).toEqual(["yellow", "unverified"])
    expect(bo.security.subject).toBe(ada.accountId)
    expect([ada.peerId, bo.peerId]).toEqual([bo.accountId, ada.accountId])
    const got = record(bo, "message")
    const { id } = await ada.send("hello, privately: é")
    await ada.send(Uint8Array.of(1, 2, 3))
    await turn()
    expect(got.map(({ text }) => text)).toEqual(["hello, privately: é", undefined])
    expect(got[0]?.id).toBe(id)
    expect(got[1]?.data).toEqual(Uint8Array.of(1, 2, 3))
    expect(got[0]?.security.reason).toBe("unverified")
    expect(Object.isFrozen(got[0])).toBe(true)
  })

  it("is red before its peer has answered, and sends nothing", async () => {
    const sent: Uint8Array[] = []
    const alone = channel({
      pipe: {
        name: "wall",
        connect: (context) => {
          void context
          return Promise.resolve({
            bufferedBytes: 0,
            send: (frame: Uint8Array) => {
              sent.push(frame)
              return Promise.resolve()
            },
            close: () => {
              context.onClose({ clean: true, retry: "backoff" })
              return Promise.resolve()
            },
          })
        },
      },
    })
    expect(alone.security).toMatchObject({ level: "red", reason: "no-session" })
    const starting = alone.start()
    starting.catch(() => undefined)
    await turn()
    expect(alone.security).toMatchObject({ level: "red", reason: "handshaking" })
    await expect(alone.send("secret")).rejects.toThrow(
      expect.objectContaining({
        code: "ERR_NOT_SECURE",
        retryable: true,
        details: { reason: "handshaking" },
      }),
    )
    // A hello, and nothing else.
    expect(sent.map((frame) => frame[1])).toEqual([6])
    await alone.close()
    await expect(starting).rejects.toThrow(coded("ERR_CLOSED"))
    await expect(alone.send("late")).rejects.toThrow(coded("ERR_CLOSED"))
  })

  it("turns green when both compared their numbers, yellow when one withdraws", async () => {
    const { ada, bo } = await pairOf()
    const changes = record(ada, "security")
    const [mine, theirs] = [await ada.safetyNumber(), await bo.safetyNumber()]
    expect(mine.digits).toBe(theirs.digits)
    expect(await ada.verify(mine)).toBe(true)
    expect(await bo.verify(mine.qr)).toBe(true)
    expect([ada.security.level, bo.security.level]).toEqual(["green", "green"])
    expect(changes.map(({ status, previous }) => [previous.level, status.level])).toEqual([
      ["yellow", "green"],
    ])
    await ada.unverify()
    expect(ada.security).toMatchObject({ level: "yellow", reason: "verification-revoked" })
    expect(bo.security.level).toBe("green")
  })

  it("turns red on numbers that do not match, until a reset", async () => {
    const { ada, bo } = await pairOf()
    expect(await ada.verify(new Uint8Array(65))).toBe(false)
    expect(ada.security).toMatchObject({ level: "red", reason: "sas-mismatch", action: "reset" })
    await expect(ada.send("no")).rejects.toThrow(
      expect.objectContaining({ code: "ERR_NOT_SECURE", retryable: false }),
    )
    await bo.reject(await bo.safetyNumber())
    expect(bo.security.reason).toBe("sas-mismatch")
    await bo.reset()
    await ada.reset()
    await turn()
    expect([ada.security.reason, bo.security.reason]).toEqual(["unverified", "unverified"])
    const got = record(ada, "message")
    await bo.send("again")
    await turn()
    expect(got.map(({ text }) => text)).toEqual(["again"])
  })

  it("refuses a number that was shown for somebody else", async () => {
    const { ada } = await pairOf()
    const other = await pairOf()
    const stale = await other.ada.safetyNumber()
    await expect(ada.verify(stale)).rejects.toThrow(coded("ERR_VERIFICATION_STALE"))
    await expect(ada.reject(stale)).rejects.toThrow(coded("ERR_VERIFICATION_STALE"))
    await expect(ada.accept(other.bo.accountId)).rejects.toThrow(coded("ERR_VERIFICATION_STALE"))
    expect(ada.security.reason).toBe("unverified")
  })

  it("takes 64 KiB and not one byte more, as text and as bytes", async () => {
    const { ada, bo } = await pairOf()
    const got = record(bo, "message")
    await ada.send(new Uint8Array(MAX_CONTENT_BYTES).fill(7))
    await ada.send("é".repeat(MAX_CONTENT_BYTES / 2))
    await turn()
    expect(got.map(({ data }) => data.length)).toEqual([MAX_CONTENT_BYTES, MAX_CONTENT_BYTES])
    await expect(ada.send(new Uint8Array(MAX_CONTENT_BYTES + 1))).rejects.toThrow(
      coded("ERR_MESSAGE_TOO_LARGE"),
    )
    await expect(ada.send("x".repeat(MAX_CONTENT_BYTES + 1))).rejects.toThrow(coded("ERR_MESSAGE_TOO_LARGE"))
    await expect(ada.send("\ud800")).rejects.toThrow(coded("ERR_CONFIG_INVALID"))
    await ada.send("")
    await turn()
    expect(got.at(-1)?.text).toBe("")
  })

  it("keeps the order of calls, and what was handed in as it was", async () => {
    const { ada, bo } = await pairOf()
    const got = record(bo, "message")
    const bytes = Uint8Array.of(1)
    const first = ada.send(bytes)
    bytes[0] = 9
    await Promise.all([first, ...Array.from({ length: 20 }, (_, i) => ada.send(String(i)))])
    await turn()
    expect(got.map(({ text, data }) => text ?? data[0])).toEqual([
      1,
      ...Array.from({ length: 20 }, (_, i) => String(i)),
    ])
  })

  it("shows each message's token on request, never otherwise", async () => {
    const { ada, bo } = await pairOf({ inspect: true })
    const [mine, theirs] = [record(ada, "inspect"), record(bo, "inspect")]
    await ada.send("look")
    await bo.send("back")
    await turn()
    expect(mine.map(({ direction }) => direction)).toEqual(["out", "in"])
    expect(mine[0]?.token.startsWith("gA")).toBe(true)
    expect(theirs).toEqual([])
  })

  it("is an async iterable that ends with it, and a disposable", async () => {
    const { ada, bo } = await pairOf()
    const read = async (): Promise<string[]> => {
      const texts: string[] = []
      for await (const message of bo) texts.push(message.text ?? "")
      return texts
    }
    const reading = read()
    await ada.send("a")
    await ada.send("b")
    await turn()
    await bo[Symbol.asyncDispose]()
    expect(await reading).toEqual(["a", "b"])
  })

  it("never pairs across contexts", async () => {
    const pipes = memoryPipe()
    const [ada, bo] = [
      channel({ pipe: pipes[0], context: "kitchen" }),
      channel({ pipe: pipes[1], context: "garden" }),
    ]
    for (const each of [ada, bo]) each.start().catch(() => undefined)
    await pass(120_000)
    expect([ada.security.level, bo.security.level]).toEqual(["red", "red"])
    expect([ada.peerId, bo.peerId]).toEqual([undefined, undefined])
  })
})

describe("the life of a SecureChannel", () => {
  it("starts once, closes once, and starts again with another handshake", async () => {
    const { ada, bo } = await pairOf()
    expect(await ada.start()).toBe(ada)
    const closes = record(ada, "close")
    await Promise.all([ada.close(), ada.close()])
    expect(closes).toEqual([{ by: "us" }])
    expect([ada.connection, ada.security.reason]).toEqual(["closed", "no-session"])
    const restarted = ada.start()
    await pass(60_000)
    await restarted
    expect(ada.security.reason).toBe("unverified")
    const got = record(bo, "message")
    await ada.send("back again")
    await pass(0)
    expect(got.map(({ text }) => text)).toEqual(["back again"])
  })

  it("survives any interleaving of start and close with one connection", async () => {
    let open = 0
    const [near, far] = memoryPipe()
    const counted: Transport = {
      name: "counted",
      connect: async (context) => {
        const made = await near.connect({
          ...context,
          onClose: (info) => {
            open -= 1
            context.onClose(info)
          },
        })
        open += 1
        return made
      },
    }
    const ada = channel({ pipe: counted })
    const bo = channel({ pipe: far })
    const [first, closing, second] = [ada.start(), ada.close(), ada.start()]
    await expect(first).rejects.toThrow(coded("ERR_CLOSED"))
    await closing
    await Promise.all([second, bo.start()])
    expect(open).toBe(1)
    expect(ada.security.level).toBe("yellow")
  })

  it("aborts an opening that finds nobody, and leaves nothing behind", async () => {
    const [pipe] = memoryPipe()
    const controller = new AbortController()
    const opening = SecureChannel.open({ pipe, signal: controller.signal })
    await turn()
    controller.abort(new Error("enough"))
    await expect(opening).rejects.toThrow(coded("ERR_ABORTED"))
  })

  it("[A17] says so when only others answered than the account that was asked for", async () => {
    const pipes = memoryPipe()
    const asked = createIdentity().accountId
    const controller = new AbortController()
    const ada = channel({ pipe: pipes[0], peer: asked })
    const mallory = channel({ pipe: pipes[1] })
    mallory.start().catch(() => undefined)
    const strangers = record(ada, "third-party")
    const starting = ada.start({ signal: controller.signal })
    starting.catch(() => undefined)
    await pass(60_000)
    controller.abort()
    await expect(starting).rejects.toThrow(coded("ERR_IDENTITY_MISMATCH"))
    expect(strangers).toEqual([{ accountId: mallory.accountId }])
    expect([ada.peerId, ada.security.level]).toEqual([asked, "red"])
    await expect(ada.accept(mallory.accountId)).rejects.toThrow(coded("ERR_IDENTITY_MISMATCH"))
  })

  it("waits while the pipe is down, and goes on with the same keys", async () => {
    const { ada, bo } = await pairOf()
    const got = record(bo, "message")
    const states = record(ada, "connection")
    // The far end leaves: both ends of the pipe lose their connection.
    const session = ada.security
    await bo.close()
    const pending = ada.send("kept for later")
    await turn()
    expect(ada.connection).toBe("reconnecting")
    expect(ada.security).toBe(session)
    await pass(2_000)
    await pending
    expect(states.map(({ state }) => state)).toContain("online")
    expect(got).toEqual([])
  })

  it("rejects what waits when it is closed, and what is aborted while it waits", async () => {
    const { ada, bo } = await pairOf()
    await bo.close()
    await turn()
    const controller = new AbortController()
    const [aborted, closed] = [ada.send("a", { signal: controller.signal }), ada.send("b")]
    controller.abort()
    await expect(aborted).rejects.toThrow(coded("ERR_ABORTED"))
    closed.catch(() => undefined)
    await ada.close()
    await expect(closed).rejects.toThrow(coded("ERR_CLOSED"))
  })

  it("closes by itself when the pipe is gone for good, and says who left", async () => {
    const ends: TransportContext[] = []
    const pipe: Transport = {
      name: "once",
      connect: (context) => {
        ends.push(context)
        return Promise.resolve({
          bufferedBytes: 0,
          send: () => Promise.resolve(),
          close: () => Promise.resolve(),
        })
      },
    }
    for (const [clean, by] of [
      [true, "peer"],
      [false, "pipe"],
    ] as const) {
      const ada = channel({ pipe })
      const starting = ada.start()
      starting.catch(() => undefined)
      await turn()
      const closed = ada.once("close")
      ends.at(-1)?.onClose({ clean, retry: "never" })
      expect(await closed).toMatchObject({ by, error: { code: "ERR_TRANSPORT_CLOSED" } })
      await expect(starting).rejects.toThrow(coded("ERR_TRANSPORT_CLOSED"))
    }
  })

  it("refuses options that mean nothing, and a disk it cannot seal", () => {
    const [pipe] = memoryPipe()
    const refused = (options: Partial<ChannelOptions>): string | undefined => {
      try {
        channel({ pipe, ...options })
        return undefined
      } catch (error) {
        return (error as SecureChatError).code
      }
    }
    expect(refused({ pipe: {} as Transport })).toBe("ERR_CONFIG_INVALID")
    expect(refused({ peer: "sc1misspelt" })).toBe("ERR_CONFIG_INVALID")
    expect(refused({ context: "x".repeat(256) })).toBe("ERR_CONFIG_INVALID")
    expect(refused({ role: "leader" as never })).toBe("ERR_CONFIG_INVALID")
    expect(refused({ maxMessageBytes: MAX_CONTENT_BYTES + 1 })).toBe("ERR_CONFIG_INVALID")
    expect(refused({ store: { ...memoryStore(), durable: true } })).toBe("ERR_STORE_KEY_REQUIRED")
    expect(refused({})).toBeUndefined()
  })
})

describe("a SecureChannel with a store", () => {
  it("keeps its identity and whom a name was pinned and verified to", async () => {
    const [mine, theirs] = [memoryStore(), memoryStore()]
    const first = await pairOf({ store: mine, peer: "bob" }, { store: theirs, peer: "ada" })
    const [adas, bos] = [first.ada.accountId, first.bo.accountId]
    await first.ada.verify(await first.ada.safetyNumber())
    await Promise.all([first.ada.close(), first.bo.close()])
    const second = await pairOf({ store: mine, peer: "bob" }, { store: theirs, peer: "ada" })
    expect([second.ada.accountId, second.bo.accountId]).toEqual([adas, bos])
    expect([second.ada.security.level, second.bo.security.level]).toEqual(["green", "yellow"])
  })

  it("never carries a verification over to another name", async () => {
    const [mine, theirs] = [memoryStore(), memoryStore()]
    const first = await pairOf({ store: mine, peer: "mallory" }, { store: theirs })
    await first.ada.verify(await first.ada.safetyNumber())
    await Promise.all([first.ada.close(), first.bo.close()])
    const second = await pairOf({ store: mine, peer: "bob" }, { store: theirs })
    expect(second.ada.security).toMatchObject({ level: "yellow", reason: "unverified" })
  })

  const meetAnother = async (
    store: Store,
  ): Promise<{ ada: SecureChannel; other: SecureChannel; got: ChannelMessage[] }> => {
    const pipes = memoryPipe()
    const ada = channel({ pipe: pipes[0], store, peer: "bob" })
    const other = channel({ pipe: pipes[1] })
    ada.start().catch(() => undefined)
    await other.start()
    return { ada, other, got: record(ada, "message") }
  }

  it("turns red for another account under a pinned name after 30 s, and shows nothing of it before it is accepted", async () => {
    const store = memoryStore()
    const first = await pairOf({ store, peer: "bob" })
    await Promise.all([first.ada.close(), first.bo.close()])
    const { ada, other, got } = await meetAnother(store)
    await other.send("it's me, new phone")
    await pass(29_000)
    expect(ada.security).toMatchObject({ reason: "handshaking", subject: first.bo.accountId })
    await pass(2_000)
    expect(ada.security).toMatchObject({
      reason: "identity-changed",
      action: "accept",
      subject: other.accountId,
    })
    await expect(ada.send("no")).rejects.toThrow(
      expect.objectContaining({ code: "ERR_NOT_SECURE", retryable: false }),
    )
    expect(got).toEqual([])
    await ada.accept(other.accountId)
    expect(ada.security).toMatchObject({ level: "yellow", reason: "change-accepted" })
    expect(got.map(({ text, security }) => [text, security.level])).toEqual([["it's me, new phone", "red"]])
    await ada.send("welcome")
  })

  it("turns red with the strong step first where the pinned account was verified", async () => {
    const store = memoryStore()
    const first = await pairOf({ store, peer: "bob" })
    await first.ada.verify(await first.ada.safetyNumber())
    await Promise.all([first.ada.close(), first.bo.close()])
    const { ada, other } = await meetAnother(store)
    await pass(31_000)
    expect(ada.security).toMatchObject({ reason: "verification-violation", action: "verify" })
    expect(await ada.verify(await ada.safetyNumber())).toBe(true)
    expect(ada.security.level).toBe("green")
    expect(ada.peerId).toBe(other.accountId)
  })

  it("pins nobody whom its store did not take", async () => {
    const pipes = memoryPipe()
    const kept = memoryStore()
    let full = false
    const store: Store = {
      ...kept,
      batch: (ops) => (full ? Promise.reject(new Error("disk full")) : kept.batch(ops)),
    }
    const ada = channel({ pipe: pipes[0], store, peer: "bob" })
    const errors = record(ada, "error")
    const starting = ada.start()
    await turn()
    full = true
    const bo = channel({ pipe: pipes[1] })
    bo.start().catch(() => undefined)
    await pass(5_000)
    expect(ada.security.level).toBe("red")
    expect(errors[0]?.code).toBe("ERR_STORE_UNAVAILABLE")
    full = false
    await pass(60_000)
    await starting
    expect(ada.security.reason).toBe("unverified")
  })

  it("says that a damaged record is damaged", async () => {
    const store = memoryStore()
    await store.batch([{ type: "set", key: ["own", "identity"], value: Uint8Array.of(1, 2, 3) }])
    const [pipe] = memoryPipe()
    await expect(channel({ pipe, store }).start()).rejects.toThrow(coded("ERR_STORE_CORRUPT"))
  })
})
