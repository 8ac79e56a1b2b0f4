import { describe, expect, it } from "vitest"
import { Fernet } from "@securechat/core/fernet"
import { COUNT, textMessages } from "./messages.ts"
import { npmFernet } from "./npm-fernet.ts"

const NOW = 1_700_000_000
const read = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)

describe("Fernet and the npm package fernet", () => {
  const key = Fernet.generateKey()
  const ours = new Fernet(key)
  const secret = new npmFernet.Secret(key)
  const decode = (token: string, ttl = 0): string => new npmFernet.Token({ secret, token, ttl }).decode()

  it(`the package opens ${COUNT} tokens of ours`, () => {
    for (const [i, text] of textMessages(COUNT).entries())
      expect(decode(ours.encryptAtTime(text, NOW + i))).toBe(text)
  })

  it(`we open ${COUNT} tokens of the package, and read their times`, () => {
    for (const [i, text] of textMessages(COUNT).entries()) {
      if (text === "") continue // the package takes an empty message for a missing one
      const time = new Date((NOW + i) * 1000).toISOString()
      const token = new npmFernet.Token({ secret, time }).encode(text)
      expect(read(ours.decrypt(token))).toBe(text)
      expect(ours.extractTimestamp(token)).toBe(NOW + i)
    }
  })

  it("both refuse what is too old for a ttl, too new, altered, or under another key", () => {
    const seconds = Math.floor(Date.now() / 1000)
    const raw = Buffer.from(ours.encrypt("x"), "base64url")
    raw[raw.length - 1] = (raw[raw.length - 1] ?? 0) ^ 1
    const refused = [
      ours.encryptAtTime("x", seconds - 1000),
      ours.encryptAtTime("x", seconds + 1000),
      raw.toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
      new Fernet(Fernet.generateKey()).encrypt("x"),
    ]
    for (const token of refused) {
      expect(() => decode(token, 600)).toThrow()
      expect(() => ours.decrypt(token, { ttl: 600 })).toThrow("invalid token")
    }
    const fresh = ours.encrypt("x")
    expect([decode(fresh, 600), read(ours.decrypt(fresh, { ttl: 600 }))]).toEqual(["x", "x"])
  })

  it("only the package reads a second spelling of a token: it is no judge of strictness", () => {
    const token = ours.encryptAtTime("hello", NOW)
    const unpadded = token.replace(/=+$/, "")
    expect(unpadded).not.toBe(token)
    expect(decode(unpadded)).toBe("hello")
    expect(() => ours.decrypt(unpadded)).toThrow("invalid token")
  })
})
