import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { fromPaddedBase64url, toPaddedBase64url, utf8 } from "../bytes/text.ts"
import { SecureChatError } from "../errors.ts"
import { Fernet, InvalidToken, MultiFernet } from "./index.ts"

const error = (code: string): unknown => expect.objectContaining({ code })
const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
const NOW = 1_700_000_000
const fernet = new Fernet(KEY)
const read = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe("a Fernet key", () => {
  it("is generated as 44 characters, another one each time", () => {
    const keys = Array.from({ length: 50 }, () => Fernet.generateKey())
    expect(new Set(keys).size).toBe(50)
    for (const key of keys) expect(fromPaddedBase64url(key)).toHaveLength(32)
    expect(read(new Fernet(keys[0]!).decrypt(new Fernet(keys[0]!).encrypt("x")))).toBe("x")
  })

  it("is taken as text, as the bytes of that text, or as 32 bytes", () => {
    const token = fernet.encrypt("same")
    for (const spelling of [KEY, utf8(KEY), Buffer.from(KEY), fromPaddedBase64url(KEY)])
      expect(read(new Fernet(spelling).decrypt(token))).toBe("same")
  })

  it("is refused in every other form, with one code and no quotation", () => {
    const wrong: (string | Uint8Array)[] = [
      "",
      KEY.slice(0, 43),
      `${KEY}=`,
      `${KEY}\n`,
      KEY.replace("_", "/"),
      KEY.replace("4=", "5="), // the same bytes for a lax decoder
      toPaddedBase64url(new Uint8Array(31)),
      toPaddedBase64url(new Uint8Array(33)),
      new Uint8Array(0),
      new Uint8Array(31),
      new Uint8Array(33),
      new Uint8Array(44),
      new Uint8Array(44).fill(0xff),
    ]
    for (const key of wrong) expect(() => new Fernet(key)).toThrow(error("ERR_KEY_INVALID"))
    expect(() => new Fernet(`${KEY.slice(0, 43)}!`)).toThrow(/^((?!cw_0x689).)*$/s)
  })

  it("is copied: later changes of the caller's array do nothing", () => {
    const raw = fromPaddedBase64url(KEY)
    const own = new Fernet(raw)
    raw.fill(0)
    expect(read(own.decrypt(fernet.encrypt("x")))).toBe("x")
  })

  it("is not printed", () => {
    for (const holder of [fernet, new MultiFernet([fernet]), { holder: fernet }]) {
      const printed = inspect(holder, { depth: 9, showHidden: true }) + JSON.stringify(holder)
      for (const form of ["cw_0x689", "730ff4", "115, 15, 244", "115,15,244"])
        expect(printed).not.toContain(form)
    }
    expect(inspect(fernet)).toBe("Fernet {}")
    expect(JSON.stringify(fernet)).toBe("{}")
    expect(structuredClone(fernet)).toEqual({})
  })
})

describe("a token", () => {
  it("opens to what was sealed, text or bytes, empty or long", () => {
    for (const text of ["", "hello", "é€😀\0\ufeff", "x".repeat(100_000)])
      expect(read(fernet.decrypt(fernet.encrypt(text)))).toBe(text)
    for (const length of [0, 1, 15, 16, 17, 65_536]) {
      const data = new Uint8Array(length).fill(length & 255)
      expect(fernet.decrypt(fernet.encrypt(data))).toEqual(data)
    }
  })

  it("is itself accepted as bytes", () => {
    const token = fernet.encryptAtTime("x", NOW)
    for (const form of [utf8(token), Buffer.from(token)]) {
      expect(read(fernet.decrypt(form))).toBe("x")
      expect(fernet.extractTimestamp(form)).toBe(NOW)
    }
  })

  it("differs each time, since its IV is random", () => {
    const tokens = Array.from({ length: 50 }, () => fernet.encryptAtTime("x", NOW))
    expect(new Set(tokens).size).toBe(50)
  })

  it("is not made of text that has no UTF-8 form", () => {
    expect(() => fernet.encrypt("\ud800")).toThrow(error("ERR_DECODE"))
  })

  it("is refused with any bit changed, with one code and no cause", () => {
    const bytes = fromPaddedBase64url(fernet.encryptAtTime("hello", NOW))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => fernet.decrypt(toPaddedBase64url(changed))).toThrow(InvalidToken)
    }
  })

  it("is refused truncated or extended, by any amount", () => {
    const bytes = fromPaddedBase64url(fernet.encryptAtTime("hello", NOW))
    for (let length = 0; length < bytes.length; length++)
      expect(() => fernet.decrypt(toPaddedBase64url(bytes.subarray(0, length)))).toThrow(InvalidToken)
    expect(() => fernet.decrypt(toPaddedBase64url(Uint8Array.from([...bytes, 0])))).toThrow(InvalidToken)
  })

  it("is refused in another spelling, as bytes that are not text, and as another type", () => {
    const token = fernet.encrypt("x")
    for (const other of [
      "",
      "x",
      `${token}\n`,
      ` ${token}`,
      token.replace(/=*$/, ""),
      `${token}====`,
      `\ufeff${token}`,
    ])
      expect(() => fernet.decrypt(other)).toThrow(InvalidToken)
    for (const other of [new Uint8Array(0), fromPaddedBase64url(token), Uint8Array.of(0xff, 0xfe)])
      expect(() => fernet.decrypt(other)).toThrow(InvalidToken)
    for (const other of [undefined, null, 7, {}])
      expect(() => fernet.decrypt(other as string)).toThrow(InvalidToken)
  })

  it("is refused under another key", () => {
    expect(() => new Fernet(Fernet.generateKey()).decrypt(fernet.encrypt("x"))).toThrow(InvalidToken)
  })
})

describe("the failure", () => {
  it("is the same whatever failed: form, MAC, padding or age", () => {
    const token = fernet.encryptAtTime("hello", NOW)
    const attempts = [
      () => fernet.decrypt("%%%"),
      () => fernet.decrypt(`${token.slice(0, -4)}AAAA`),
      () => new Fernet(Fernet.generateKey()).decrypt(token),
      () => fernet.decryptAtTime(token, { ttl: 1, currentTime: NOW + 2 }),
      () => fernet.decryptAtTime(token, { ttl: 1, currentTime: NOW - 61 }),
      () => fernet.extractTimestamp("%%%"),
      () => new MultiFernet([fernet]).decrypt("%%%"),
    ]
    for (const attempt of attempts) {
      const thrown = caught(attempt)
      expect(thrown).toBeInstanceOf(InvalidToken)
      expect(thrown).toBeInstanceOf(SecureChatError)
      expect(SecureChatError.is(thrown, "ERR_INVALID_TOKEN")).toBe(true)
      expect(thrown).toMatchObject({ name: "InvalidToken", message: "invalid token", retryable: false })
      expect(thrown).not.toHaveProperty("cause")
    }
  })
})

describe("the age of a token", () => {
  const token = fernet.encryptAtTime("x", NOW)
  const at =
    (currentTime: number, ttl = 60): (() => string) =>
    () =>
      read(fernet.decryptAtTime(token, { ttl, currentTime }))

  it("may be up to ttl, and up to 60 s in the future", () => {
    for (const now of [NOW, NOW + 60, NOW - 60]) expect(at(now)()).toBe("x")
    for (const now of [NOW + 61, NOW - 61, 0, Number.MAX_SAFE_INTEGER]) expect(at(now)).toThrow(InvalidToken)
    expect(at(NOW, 0)()).toBe("x")
    expect(at(NOW + 1, 0)).toThrow(InvalidToken)
  })

  it("is measured against the real clock by decrypt", () => {
    expect(read(fernet.decrypt(fernet.encrypt("fresh"), { ttl: 600 }))).toBe("fresh")
    expect(() => fernet.decrypt(token, { ttl: 60 })).toThrow(InvalidToken)
    expect(() => fernet.decrypt(fernet.encryptAtTime("x", 2 ** 40), { ttl: 60 })).toThrow(InvalidToken)
  })

  it("does not matter without a ttl", () => {
    for (const time of [0, NOW, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      const dated = fernet.encryptAtTime("x", time)
      expect(read(fernet.decrypt(dated))).toBe("x")
      expect(read(fernet.decrypt(dated, { ttl: undefined }))).toBe("x")
      expect(fernet.extractTimestamp(dated)).toBe(time)
    }
  })

  it("is refused as a question that is not a whole number of seconds: NaN would pass every comparison", () => {
    for (const wrong of [
      NaN,
      -1,
      0.5,
      Infinity,
      2 ** 53,
      undefined as unknown as number,
      "60" as unknown as number,
    ]) {
      expect(at(wrong)).toThrow(error("ERR_CONFIG_INVALID"))
      expect(() => fernet.decryptAtTime(token, { ttl: wrong, currentTime: NOW })).toThrow(
        error("ERR_CONFIG_INVALID"),
      )
      expect(() => fernet.encryptAtTime("x", wrong)).toThrow(error("ERR_CONFIG_INVALID"))
    }
    expect(() => fernet.decrypt(token, { ttl: NaN })).toThrow(error("ERR_CONFIG_INVALID"))
  })
})

const caught = (run: () => unknown): unknown => {
  try {
    run()
  } catch (thrown) {
    return thrown
  }
  throw new Error("nothing was thrown")
}
