import { describe, expect, it } from "vitest"
import { payloadsOf } from "./payload.ts"

const text = payloadsOf({ encoding: "base64url" })
const binary = payloadsOf({ encoding: "binary" })

describe("payloadsOf", () => {
  it("writes and reads base64url of every length, without padding", () => {
    for (let length = 0; length < 70; length++) {
      const frame = Uint8Array.from({ length }, (_, i) => i * 37 + length)
      const payload = text.payloadOf(frame)
      expect(payload).toBe(Buffer.from(frame).toString("base64url"))
      expect(text.frameOf(payload)).toEqual(frame)
    }
  })

  it.each(["A", "AAAAA", "AA==", "AA A", "A+/A", "AB", "hello world", "é"])(
    "takes no frame from %j",
    (payload) => {
      expect(text.frameOf(payload)).toBeUndefined()
    },
  )

  it("takes bytes as each platform gives them, and nothing else", () => {
    for (const payload of [Uint8Array.of(1, 2), Buffer.of(1, 2), Uint8Array.of(1, 2).buffer])
      expect([...(binary.frameOf(payload) ?? [])]).toEqual([1, 2])
    for (const payload of ["AQI", 7, null, undefined, {}, [1, 2]])
      expect(binary.frameOf(payload)).toBeUndefined()
    expect(text.frameOf(Uint8Array.of(1))).toBeUndefined()
  })
})
