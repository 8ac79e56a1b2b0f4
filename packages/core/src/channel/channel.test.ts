import { turn } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { channel, closeAll, pairOf, pass, record } from "../../test/channel/channels.ts"
import { MAX_CONTENT_BYTES } from "../limits.ts"
import { memoryPipe } from "../transport/memory.ts"

afterEach(async () => {
  expect(await closeAll()).toBe(0)
})

const coded = (code: string): unknown => expect.objectContaining({ code })

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
