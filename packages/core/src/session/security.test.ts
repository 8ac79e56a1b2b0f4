import { describe, expect, it } from "vitest"
import { Party } from "../../test/support/party.ts"
import { type Trust, firstSeen, observe, reject, unverify, verify, accept } from "../identity/trust.ts"
import { accountIdOfKey } from "../identity/ids.ts"
import { type SecurityFacts, isTransient, securityOf } from "./security.ts"
import { type FailureReason, type Link, emptyLink } from "./state.ts"

const alice = new Party(31)
const bob = new Party(32)
alice.begin(bob.bundle())
const standing = alice.link
const pinOf = (party: Party): Trust["pin"] => ({
  accountId: accountIdOfKey(party.own.certificate.accountKey),
  accountKey: party.own.certificate.accountKey,
})
const [bobPin, malloryPin] = [pinOf(bob), pinOf(alice)]
const known = firstSeen("bob", bobPin)
const verified = verify(known, bobPin.accountKey, "number", 1)
const since = new Date(0)

const status = (change: Partial<SecurityFacts>): readonly [string, string, string | undefined] => {
  const facts: SecurityFacts = {
    link: standing,
    trust: known,
    devices: "proven",
    subject: undefined,
    ...change,
  }
  const { level, reason, action } = securityOf(facts, since)
  return [level, reason, action]
}
const failedWith = (failure: FailureReason): Link => ({ ...emptyLink, failure })

describe("the traffic light", () => {
  it("is yellow with a session whose peer nobody compared", () => {
    expect(status({})).toEqual(["yellow", "unverified", "verify"])
    expect(status({ trust: undefined })).toEqual(["yellow", "unverified", "verify"])
    expect(status({ trust: unverify(verified) })).toEqual(["yellow", "verification-revoked", "verify"])
    const accepted = accept(observe(known, malloryPin), malloryPin.accountKey)
    expect(status({ trust: accepted })).toEqual(["yellow", "change-accepted", "verify"])
  })

  it("is green only for the verified key under the verified name, with a session", () => {
    expect(status({ trust: verified })).toEqual(["green", "verified", undefined])
    expect(status({ trust: { ...verified, name: "carol" } })[0]).toBe("yellow")
    expect(status({ trust: verified, link: emptyLink })[0]).toBe("red")
  })

  it("is red without a session, and says why", () => {
    expect(status({ link: emptyLink })).toEqual(["red", "no-session", "retry"])
    expect(status({ link: { ...emptyLink, requestedAtMs: 1 } })).toEqual(["red", "handshaking", undefined])
    expect(status({ link: failedWith("handshake-failed") })).toEqual(["red", "handshake-failed", "retry"])
    expect(status({ link: failedWith("session-expired") })).toEqual(["red", "session-expired", undefined])
    expect(status({ link: failedWith("downgrade") })).toEqual(["red", "downgrade", "update"])
  })

  it("stays red on a hard reason whatever handshakes do, the hardest shown", () => {
    const changed = observe(known, malloryPin)
    expect(status({ trust: changed })).toEqual(["red", "identity-changed", "accept"])
    expect(status({ trust: observe(verified, malloryPin) })).toEqual([
      "red",
      "verification-violation",
      "verify",
    ])
    expect(status({ trust: reject(changed, malloryPin.accountKey) })).toEqual([
      "red",
      "sas-mismatch",
      "reset",
    ])
    expect(status({ devices: "rollback" })[1]).toBe("device-list-rollback")
    expect(status({ devices: "invalid" })[1]).toBe("device-list-invalid")
    expect(status({ devices: "revoked", trust: verified })[1]).toBe("peer-revoked")
    expect(status({ trust: changed, devices: "revoked" })[1]).toBe("identity-changed")
  })

  it("[A12] is red after a downgrade also where a session stands, until a bundle meets the minimum", () => {
    const party = new Party(33)
    party.begin(bob.bundle())
    const reason = (): string => status({ link: party.link })[1]
    party.step({ type: "refused", reason: "downgrade" })
    expect(reason()).toBe("downgrade")
    for (const input of [
      { type: "start" },
      { type: "refused", reason: "no-session" },
      { type: "tick" },
    ] as const) {
      party.step(input)
      expect(reason()).toBe("downgrade")
    }
    alice.begin(party.bundle())
    party.receive(alice.sendText("hi"))
    expect(reason()).toBe("downgrade")
    party.begin(bob.bundle())
    expect(reason()).toBe("unverified")
  })

  it("passes by itself only for reasons that do", () => {
    expect(
      ["no-session", "handshaking", "session-expired"].every((r) => isTransient(r as "no-session")),
    ).toBe(true)
    expect(isTransient("identity-changed")).toBe(false)
    expect(isTransient("handshake-failed")).toBe(false)
  })

  it("is frozen plain data and names its subject", () => {
    const subject = bob.own.accountId
    const shown = securityOf({ link: standing, trust: known, devices: "proven", subject }, since)
    expect(Object.isFrozen(shown)).toBe(true)
    expect(shown.subject).toBe(subject)
    expect(structuredClone(shown)).toEqual(shown)
  })
})
