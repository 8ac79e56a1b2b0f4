import { describe, expect, it } from "vitest"
import { requireAgreed } from "./x25519-rules.ts"

describe("an agreed secret", () => {
  it("of all zeros is refused, also where a back end let it through", () => {
    expect(() => requireAgreed(new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: "ERR_KEY_INVALID" }),
    )
    const shared = new Uint8Array(32).fill(1, 31)
    expect(requireAgreed(shared)).toBe(shared)
  })
})
