import { turn } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { channel, closeAll, pairOf, pass, record } from "../../test/channel/channels.ts"
import { memoryStore } from "../store/memory.ts"
import type { Store } from "../store/store.ts"
import { memoryPipe } from "../transport/memory.ts"
import type { SecureChannel } from "./channel.ts"
import type { ChannelMessage } from "./types.ts"

afterEach(async () => {
  expect(await closeAll()).toBe(0)
})

const coded = (code: string): unknown => expect.objectContaining({ code })

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
