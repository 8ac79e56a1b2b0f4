import { describe, expect, it } from "vitest"
import { BYE_LEAVING, closeCodeOf, relayCodeName, relayCodeOf, retryAdvice } from "./close-codes.ts"
import { RELAY_CODE } from "./tags.ts"

describe("a relay code", () => {
  it("travels as 4000 + code and comes back", () => {
    for (const [name, code] of Object.entries(RELAY_CODE)) {
      expect(closeCodeOf(code)).toBe(4000 + code)
      expect(relayCodeOf(4000 + code)).toBe(code)
      expect(relayCodeName(code)).toBe(name)
    }
  })

  it("of a client that leaves is the normal WebSocket end", () => {
    expect(closeCodeOf(BYE_LEAVING)).toBe(1000)
    expect(relayCodeOf(1000)).toBeUndefined()
  })

  it("unknown to this version has no name and asks for back-off", () => {
    expect(relayCodeName(99)).toBeUndefined()
    expect(relayCodeOf(4099)).toBeUndefined()
    expect(retryAdvice(4099)).toBe("backoff")
    expect(retryAdvice(1006)).toBe("backoff")
  })

  it("says who may come back, and when", () => {
    const advice = Object.fromEntries(
      Object.entries(RELAY_CODE).map(([name, code]) => [name, retryAdvice(closeCodeOf(code))]),
    )
    expect(advice).toEqual({
      malformed: "never",
      unsupported: "never",
      refused: "never",
      timeout: "backoff",
      limited: "backoff",
      full: "backoff",
      tooLarge: "never",
      replaced: "never",
      slow: "backoff",
      unavailable: "backoff",
      draining: "now",
      revoked: "never",
      expired: "backoff",
    })
  })
})
