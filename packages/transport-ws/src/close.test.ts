import { describe, expect, it } from "vitest"
import { beginClose, closeInfo, faultInfo } from "./close.ts"

describe("closeInfo", () => {
  it.each([
    [1000, "backoff"],
    [1001, "now"],
    [1006, "backoff"],
    [1009, "backoff"],
    [1011, "backoff"],
    [4001, "never"],
    [4002, "never"],
    [4003, "never"],
    [4004, "backoff"],
    [4005, "backoff"],
    [4006, "backoff"],
    [4007, "never"],
    [4008, "never"],
    [4009, "backoff"],
    [4010, "backoff"],
    [4011, "now"],
    [4012, "never"],
    [4013, "backoff"],
    [4099, "backoff"],
    [3000, "backoff"],
  ])("reads code %d as retry %s", (code, retry) => {
    expect(closeInfo(code, "")).toEqual({ clean: code !== 1006, code, retry })
  })

  it("keeps a reason, and calls what we blame the far end for not clean", () => {
    expect(closeInfo(1000, "done")).toEqual({ clean: true, code: 1000, reason: "done", retry: "backoff" })
    expect(faultInfo(1003, "text")).toEqual({ clean: false, code: 1003, reason: "text", retry: "backoff" })
  })
})

describe("beginClose", () => {
  it("closes without a code where the platform does not let us send it", () => {
    const calls: unknown[][] = []
    const socket = {
      close: (...given: unknown[]) => {
        calls.push(given)
        if (given[0] === 1003) throw new Error("InvalidAccessError")
      },
    }
    beginClose(socket, 1003, "text")
    beginClose(socket, 1000, undefined)
    expect(calls).toEqual([[1003, "text"], [], [1000, undefined]])
  })
})
