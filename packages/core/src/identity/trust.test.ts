import { describe, expect, it } from "vitest"
import {
  type Pin,
  accept,
  firstSeen,
  forgetMismatch,
  isVerified,
  observe,
  reject,
  shownPin,
  trustCodec,
  unverify,
  verify,
} from "./trust.ts"

const pin = (fill: number): Pin => ({
  accountId: new Uint8Array(20).fill(fill),
  accountKey: new Uint8Array(32).fill(fill),
})
const [bob, mallory] = [pin(1), pin(2)]
const stale = expect.objectContaining({ code: "ERR_VERIFICATION_STALE" })
const verified = verify(firstSeen("bob", bob), bob.accountKey, "number", 5)

describe("trust in a peer", () => {
  it("begins unverified and is verified only by its own key under its own name", () => {
    expect(isVerified(firstSeen("bob", bob))).toBe(false)
    expect(isVerified(verified)).toBe(true)
    expect(isVerified({ ...verified, name: "carol" })).toBe(false)
    expect(isVerified({ ...verified, pin: mallory })).toBe(false)
  })

  it("keeps the pinned identity when another shows itself, until a person decides", () => {
    const changed = observe(verified, mallory)
    expect(changed.pin).toBe(bob)
    expect(shownPin(changed)).toBe(mallory)
    expect(observe(changed, bob).candidate).toBeUndefined()
    expect(isVerified(accept(changed, mallory.accountKey))).toBe(false)
    expect(accept(changed, mallory.accountKey)).toMatchObject({ pin: mallory, origin: "accepted" })
    expect(isVerified(verify(changed, mallory.accountKey, "qr", 6))).toBe(true)
  })

  it("refuses a decision about an identity that is no longer shown", () => {
    const changed = observe(verified, mallory)
    expect(() => accept(changed, bob.accountKey)).toThrow(stale)
    expect(() => verify(changed, bob.accountKey, "number", 6)).toThrow(stale)
    expect(() => reject(verified, mallory.accountKey)).toThrow(stale)
    expect(accept(verified, bob.accountKey)).toBe(verified)
  })

  it("remembers a mismatch until it is forgotten or verified", () => {
    const wrong = reject(verified, bob.accountKey)
    expect(wrong.mismatch).toBe(true)
    expect(forgetMismatch(wrong)).toMatchObject({ mismatch: false, verified: undefined })
    expect(verify(wrong, bob.accountKey, "number", 7).mismatch).toBe(false)
  })

  it("says when a verification was withdrawn, and not when there was none", () => {
    expect(unverify(verified).withdrawn).toBe(true)
    expect(unverify(unverify(verified)).withdrawn).toBe(true)
    expect(unverify(firstSeen("bob", bob)).withdrawn).toBe(false)
  })

  it("comes back from its stored form", () => {
    const byCode = verify(firstSeen("bob", bob), bob.accountKey, "qr", 6)
    const taken = accept(observe(verified, mallory), mallory.accountKey)
    const known = [firstSeen("bob", bob), verified, observe(verified, mallory), unverify(verified)]
    for (const trust of [...known, byCode, taken, reject(verified, bob.accountKey)])
      expect(trustCodec.decode(trustCodec.encode(trust))).toEqual(trust)
  })

  it("is refused with a flag that is neither 0 nor 1", () => {
    const bytes = trustCodec.encode(firstSeen("bob", bob))
    bytes[bytes.length - 1] = 2
    expect(() => trustCodec.decode(bytes)).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
  })
})
