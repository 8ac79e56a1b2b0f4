import { describe, expect, it } from "vitest"
import { RELAY_CODE } from "../wire/tags.ts"
import { relayError } from "./relay-errors.ts"

describe("a relay's code", () => {
  it.each([
    [RELAY_CODE.refused, "handleGet", "ERR_USER_NOT_FOUND"],
    [RELAY_CODE.refused, "handleSet", "ERR_HANDLE_TAKEN"],
    [RELAY_CODE.refused, "claim", "ERR_NO_PREKEYS"],
    [RELAY_CODE.refused, "hello", "ERR_AUTH_REJECTED"],
    [RELAY_CODE.limited, "submit", "ERR_RATE_LIMITED"],
    [RELAY_CODE.full, "submit", "ERR_QUOTA_EXCEEDED"],
    [RELAY_CODE.revoked, undefined, "ERR_DEVICE_REVOKED"],
    [RELAY_CODE.expired, undefined, "ERR_AUTH_EXPIRED"],
    [999, "submit", "ERR_TRANSPORT_PROTOCOL"],
  ] as const)("%i in answer to %s is %s with %s", (code, asked, meaning) => {
    expect(relayError(code, asked)).toMatchObject({ code: meaning, details: { code } })
  })

  it("carries how long to wait, where the relay says so", () => {
    expect(relayError(RELAY_CODE.limited, "submit", 1_500).retryAfterMs).toBe(1_500)
    expect(relayError(RELAY_CODE.limited, "submit", 0).retryAfterMs).toBeUndefined()
  })
})
