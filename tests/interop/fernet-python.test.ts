import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Fernet, MultiFernet } from "@securechat/core/fernet"
import { COUNT, messages } from "./messages.ts"
import { Peer, PYTHON } from "./python.ts"

if (PYTHON === undefined)
  console.log("!! SKIPPED Fernet against Python's cryptography: apt-get install python3-cryptography")

const base64 = (data: Uint8Array): string => Buffer.from(data).toString("base64")

describe.skipIf(PYTHON === undefined)("Fernet and Python's cryptography", () => {
  let python: Peer
  beforeAll(() => {
    python = new Peer(PYTHON ?? "")
  })
  afterAll(async () => {
    await python.close()
  })

  it(`Python opens ${COUNT} tokens of ours, and reads their times`, async () => {
    const key = Fernet.generateKey()
    const fernet = new Fernet(key)
    const sent = messages(COUNT)
    const items = sent.map(({ data, at }) => fernet.encryptAtTime(data, at))
    const opened = await python.ask({ do: "decrypt", keys: [key], items })
    expect(opened).toEqual(sent.map(({ data }) => base64(data)))
    expect(await python.ask({ do: "timestamps", keys: [key], items })).toEqual(sent.map(({ at }) => at))
  })

  it(`we open ${COUNT} tokens of Python's, and read their times`, async () => {
    const [key] = (await python.ask({ do: "keys", items: 1 })) as [string]
    const fernet = new Fernet(key)
    const sent = messages(COUNT)
    const items = sent.map(({ data, at }) => ({ data: base64(data), at }))
    const tokens = (await python.ask({ do: "encrypt", keys: [key], items })) as string[]
    expect(tokens.map((token) => base64(fernet.decrypt(token)))).toEqual(sent.map(({ data }) => base64(data)))
    expect(tokens.map((token) => fernet.extractTimestamp(token))).toEqual(sent.map(({ at }) => at))
  })

  it("keys of either side are accepted by the other", async () => {
    const theirs = (await python.ask({ do: "keys", items: 100 })) as string[]
    for (const key of theirs) expect(() => new Fernet(key)).not.toThrow()
    const ours = Array.from({ length: 100 }, () => Fernet.generateKey())
    for (const key of ours) {
      const [token] = (await python.ask({ do: "encrypt", keys: [key], items: [{ data: "", at: 1 }] })) as [
        string,
      ]
      expect(new Fernet(key).decrypt(token)).toHaveLength(0)
    }
  })

  it("both draw the same line at every edge of ttl and skew", async () => {
    const key = Fernet.generateKey()
    const fernet = new Fernet(key)
    const now = 1_700_000_000
    const items = [-62, -61, -60, -59, -1, 0, 1, 59, 60, 61, 1_000_000].flatMap((age) =>
      [0, 1, 60, 61, 1_000_000].map((ttl) => ({ token: fernet.encryptAtTime("x", now - age), ttl, at: now })),
    )
    const ours = items.map(({ token, ttl, at }) => {
      try {
        return fernet.decryptAtTime(token, { ttl, currentTime: at }).length === 1
      } catch {
        return false
      }
    })
    expect(await python.ask({ do: "accepts", keys: [key], items })).toEqual(ours)
    expect(new Set(ours)).toEqual(new Set([true, false]))
  })

  it("a token altered in any byte is refused by both", async () => {
    const key = Fernet.generateKey()
    const fernet = new Fernet(key)
    const raw = Buffer.from(fernet.encryptAtTime("x", 1), "base64url")
    const items = Array.from(raw, (byte, at) => {
      const changed = Buffer.from(raw)
      changed[at] = byte ^ 1
      return { token: changed.toString("base64").replaceAll("+", "-").replaceAll("/", "_"), ttl: 10, at: 1 }
    })
    expect(await python.ask({ do: "accepts", keys: [key], items })).toEqual(items.map(() => false))
    for (const { token } of items) expect(() => fernet.decrypt(token)).toThrow("invalid token")
  })

  it("MultiFernet rotates both ways: same data, same time, first key", async () => {
    const keys = Array.from({ length: 3 }, () => Fernet.generateKey()) as [string, string, string]
    const fernets = keys.map((key) => new Fernet(key)) as [Fernet, Fernet, Fernet]
    const multi = new MultiFernet(fernets)
    const sent = messages(COUNT / 10)
    const old = sent.map(({ data, at }, i) => fernets[i % 3]!.encryptAtTime(data, at))
    const rotations = [
      (await python.ask({ do: "rotate", keys, items: old })) as string[],
      old.map((token) => multi.rotate(token)),
    ]
    for (const rotated of rotations) {
      expect(rotated.map((token) => base64(fernets[0].decrypt(token)))).toEqual(
        sent.map(({ data }) => base64(data)),
      )
      expect(rotated.map((token) => fernets[0].extractTimestamp(token))).toEqual(sent.map(({ at }) => at))
      const seen = await python.ask({ do: "decrypt", keys: [keys[0]], items: rotated })
      expect(seen).toEqual(sent.map(({ data }) => base64(data)))
    }
    expect(await python.ask({ do: "decrypt", keys, items: old })).toEqual(
      old.map((token) => base64(multi.decrypt(token))),
    )
  })
})
