/** Whatever happens to a trust record, green means: this key was verified under this name and stands now. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { SecureChatError } from "../../src/errors.ts"
import { accountIdOfKey } from "../../src/identity/ids.ts"
import {
  type Pin,
  type Trust,
  accept,
  firstSeen,
  forgetMismatch,
  observe,
  reject,
  shownPin,
  unverify,
  verify,
} from "../../src/identity/trust.ts"
import { securityOf } from "../../src/session/security.ts"
import { type Link, emptyLink } from "../../src/session/state.ts"
import { Party } from "../support/party.ts"

const alice = new Party(71)
alice.begin(new Party(72).bundle())
const LINKS: readonly Link[] = [alice.link, emptyLink]

const pins: readonly Pin[] = [1, 2, 3].map((fill) => {
  const accountKey = new Uint8Array(32).fill(fill)
  return { accountId: accountIdOfKey(accountKey), accountKey }
})
const pin = fc.nat(2).map((index) => pins[index] as Pin)
/** What a person may do, each with the key they saw: the one shown, or any other. */
const act = fc.record({
  kind: fc.constantFrom("observe", "accept", "verify", "reject", "unverify", "reset"),
  pin,
})

interface Kept {
  readonly trust: Trust
  /** The model: the key verified last under this name and not withdrawn since. */
  readonly verified: Pin | undefined
}

const apply = ({ trust, verified }: Kept, kind: string, seen: Pin): Kept => {
  const key = seen.accountKey
  try {
    if (kind === "observe") return { trust: observe(trust, seen), verified }
    if (kind === "accept") return { trust: accept(trust, key), verified }
    if (kind === "verify") return { trust: verify(trust, key, "number", 1), verified: shownPin(trust) }
    if (kind === "reject") return { trust: reject(trust, key), verified }
    if (kind === "unverify") return { trust: unverify(trust), verified: undefined }
    return { trust: forgetMismatch(trust), verified: undefined }
  } catch (error) {
    if (!SecureChatError.is(error, "ERR_VERIFICATION_STALE")) throw error
    expect(shownPin(trust).accountKey).not.toEqual(key)
    return { trust, verified }
  }
}

describe("the level", () => {
  it("is green only where the identity in force was verified under this name, with a session and no open question", () => {
    let [greens, reds] = [0, 0]
    fc.assert(
      fc.property(pin, fc.array(act, { maxLength: 30 }), (first, acts) => {
        let kept: Kept = { trust: firstSeen("bob", first), verified: undefined }
        for (const { kind, pin: seen } of acts) {
          kept = apply(kept, kind, seen)
          for (const link of LINKS) {
            const facts = { link, trust: kept.trust, devices: "proven", subject: undefined } as const
            const { level } = securityOf(facts, new Date(0))
            if (level === "green") {
              greens++
              expect(kept.verified?.accountKey).toEqual(kept.trust.pin.accountKey)
              expect([kept.trust.candidate, kept.trust.mismatch, link]).toEqual([
                undefined,
                false,
                alice.link,
              ])
            } else if (level === "red") reds++
          }
        }
      }),
      { numRuns: 1_000 },
    )
    expect(greens).toBeGreaterThan(100)
    expect(reds).toBeGreaterThan(100)
  })
})
