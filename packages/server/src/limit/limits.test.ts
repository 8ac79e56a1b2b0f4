import { SecureChatError } from "@securechat/core/errors"
import { describe, expect, it } from "vitest"
import { type RelayLimits, resolveLimits } from "./limits.ts"

const refusal = (changes: RelayLimits): string => {
  try {
    resolveLimits(changes)
  } catch (error) {
    if (SecureChatError.is(error, "ERR_CONFIG_INVALID")) return error.message
    throw error
  }
  return "taken"
}

describe("limits", () => {
  it("are the defaults, with what the operator changes", () => {
    expect(resolveLimits().mailboxMessages).toBe(10_000)
    expect(resolveLimits({ mailboxMessages: 5, frameBytes: undefined }).mailboxMessages).toBe(5)
    const { buckets } = resolveLimits({ buckets: { submit: { size: 1, perSecond: 2 } } })
    expect([buckets.submit, buckets.login.size]).toEqual([{ size: 1, perSecond: 2 }, 60])
    expect(resolveLimits({ connectionsPerAddress: 0 }).connectionsPerAddress).toBe(0)
  })

  it("leave 200 descriptors to the process", () => {
    expect(resolveLimits({}, 1_024).connections).toBe(824)
    expect(resolveLimits({}, 100).connections).toBe(1)
    expect(resolveLimits().connections).toBe(Infinity)
  })

  it("refuse what is no limit, by name", () => {
    expect(refusal({ mailboxBytes: 0 })).toBe("limits.mailboxBytes")
    expect(refusal({ messageTtlMs: NaN })).toBe("limits.messageTtlMs")
    expect(refusal({ frameBytes: 1e9 })).toBe("limits.frameBytes")
    expect(refusal({ typo: 1 } as RelayLimits)).toBe("limits.typo")
    expect(refusal({ buckets: { submit: { size: 0, perSecond: 1 } } })).toBe("limits.buckets.submit.size")
    expect(refusal({ buckets: { submit: { size: 1, perSecond: 0 } } })).toBe(
      "limits.buckets.submit.perSecond",
    )
    expect(refusal({ buckets: { typo: { size: 1, perSecond: 1 } } } as RelayLimits)).toBe(
      "limits.buckets.typo",
    )
  })
})
