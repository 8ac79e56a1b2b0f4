import { turn } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { channel, closeAll, pairOf, pass, record } from "../../test/channel/channels.ts"
import type { SecureChatError } from "../errors.ts"
import { createIdentity } from "../identity/keys.ts"
import { MAX_CONTENT_BYTES } from "../limits.ts"
import { memoryStore } from "../store/memory.ts"
import { memoryPipe } from "../transport/memory.ts"
import type { Transport, TransportContext } from "../transport/transport.ts"
import { SecureChannel } from "./channel.ts"
import type { ChannelOptions } from "./types.ts"

afterEach(async () => {
  expect(await closeAll()).toBe(0)
})

const coded = (code: string): unknown => expect.objectContaining({ code })

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
