import { describe, expect, it } from "vitest"
import { fromPaddedBase64url } from "../bytes/text.ts"
import { Fernet, InvalidToken, MultiFernet } from "./index.ts"

const NOW = 1_700_000_000
const [old, current, stranger] = [0, 1, 2].map(() => new Fernet(Fernet.generateKey())) as [
  Fernet,
  Fernet,
  Fernet,
]
const multi = new MultiFernet([current, old])
const read = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe("several keys", () => {
  it("encrypt under the first", () => {
    for (const token of [multi.encrypt("x"), multi.encryptAtTime("x", NOW)]) {
      expect(read(current.decrypt(token))).toBe("x")
      expect(() => old.decrypt(token)).toThrow(InvalidToken)
    }
    expect(multi.extractTimestamp(multi.encryptAtTime("x", NOW))).toBe(NOW)
  })

  it("decrypt under any, and under no other", () => {
    for (const fernet of [old, current]) {
      const token = fernet.encryptAtTime("x", NOW)
      expect(read(multi.decrypt(token))).toBe("x")
      expect(read(multi.decryptAtTime(token, { ttl: 1, currentTime: NOW }))).toBe("x")
      expect(multi.extractTimestamp(token)).toBe(NOW)
    }
    const foreign = stranger.encrypt("x")
    for (const attempt of [
      () => multi.decrypt(foreign),
      () => multi.decryptAtTime(foreign, { ttl: 1, currentTime: NOW }),
      () => multi.extractTimestamp(foreign),
      () => multi.rotate(foreign),
    ])
      expect(attempt).toThrow(InvalidToken)
  })

  it("hold a ttl whichever key fits", () => {
    for (const fernet of [old, current]) {
      const token = fernet.encryptAtTime("x", NOW)
      expect(() => multi.decrypt(token, { ttl: 60 })).toThrow(InvalidToken)
      expect(() => multi.decryptAtTime(token, { ttl: 60, currentTime: NOW + 61 })).toThrow(InvalidToken)
      expect(read(multi.decrypt(fernet.encrypt("x"), { ttl: 600 }))).toBe("x")
    }
  })

  it("pass a mistake of the caller on instead of trying the next key", () => {
    expect(() => multi.decrypt(old.encrypt("x"), { ttl: NaN })).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_INVALID" }) as unknown,
    )
  })

  it("are at least one, and are taken as they were", () => {
    expect(() => new MultiFernet([])).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_INVALID" }) as unknown,
    )
    const keys = [current]
    const fixed = new MultiFernet(keys)
    keys.push(old)
    expect(() => fixed.decrypt(old.encrypt("x"))).toThrow(InvalidToken)
  })
})

describe("rotation", () => {
  it("keeps data and timestamp, under the first key and a new IV", () => {
    for (const fernet of [old, current]) {
      const token = fernet.encryptAtTime("x", NOW)
      const rotated = multi.rotate(token)
      expect(rotated).not.toBe(token)
      expect(read(current.decrypt(rotated))).toBe("x")
      expect(current.extractTimestamp(rotated)).toBe(NOW)
      expect(fromPaddedBase64url(rotated).subarray(9, 25)).not.toEqual(
        fromPaddedBase64url(token).subarray(9, 25),
      )
    }
  })

  it("is not stopped by age", () => {
    expect(current.extractTimestamp(multi.rotate(old.encryptAtTime("x", 0)))).toBe(0)
  })
})
