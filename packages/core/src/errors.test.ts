import { describe, expect, it } from "vitest"
import { type ErrorCode, SecureChatError } from "./errors.ts"

describe("an error", () => {
  it("carries code, message and the address of its heading, and nothing that was not given", () => {
    const error = new SecureChatError("ERR_DECODE", "short by 3 bytes")
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe("SecureChatError")
    expect(String(error)).toBe("SecureChatError: short by 3 bytes")
    expect(error.docs).toMatch(/\/docs\/errors\.md#err_decode$/)
    expect(error.retryable).toBe(false)
    for (const absent of ["cause", "hint", "details", "retryAfterMs"])
      expect(absent in error, absent).toBe(false)
  })

  it("keeps its cause in the chain and out of its plain part", () => {
    const cause = new Error("socket hang up at 10.0.0.7")
    const error = new SecureChatError("ERR_TRANSPORT_CLOSED", "closed", { cause })
    expect(error.cause).toBe(cause)
    expect(JSON.stringify(error)).not.toContain("10.0.0.7")
    expect(JSON.stringify(error)).not.toContain("stack")
  })

  it("becomes a plain part that survives cloning and JSON", () => {
    const error = new SecureChatError("ERR_RATE_LIMITED", "slow down", {
      hint: "Wait.",
      retryAfterMs: 1500,
      details: { limit: 5, scope: "handle", burst: true },
    })
    const plain = error.toJSON()
    expect(plain).toEqual({
      code: "ERR_RATE_LIMITED",
      message: "slow down",
      retryable: true,
      retryAfterMs: 1500,
      hint: "Wait.",
      docs: error.docs,
      details: { limit: 5, scope: "handle", burst: true },
    })
    expect(structuredClone(plain)).toEqual(plain)
    expect(JSON.parse(JSON.stringify(error))).toEqual(plain)
    expect(Object.keys(new SecureChatError("ERR_STATE", "m").toJSON())).toEqual([
      "code",
      "message",
      "retryable",
      "docs",
    ])
  })

  it("may be tried again by its code, or as the one who throws it says", () => {
    const retryable = (code: ErrorCode, said?: boolean): boolean =>
      new SecureChatError(code, "m", { retryable: said }).retryable
    expect(retryable("ERR_TIMEOUT")).toBe(true)
    expect(retryable("ERR_NOT_SECURE")).toBe(false)
    expect(retryable("ERR_NOT_SECURE", true)).toBe(true)
    expect(retryable("ERR_TIMEOUT", false)).toBe(false)
  })
})

describe("SecureChatError.is", () => {
  const error: unknown = new SecureChatError("ERR_CLOSED", "closed")

  it("narrows to any code, or to those asked for", () => {
    expect(SecureChatError.is(error)).toBe(true)
    expect(SecureChatError.is(error, "ERR_CLOSED")).toBe(true)
    expect(SecureChatError.is(error, "ERR_TIMEOUT", "ERR_CLOSED")).toBe(true)
    expect(SecureChatError.is(error, "ERR_TIMEOUT")).toBe(false)
  })

  it("is false for everything else, look-alikes included", () => {
    for (const other of [
      undefined,
      null,
      "ERR_CLOSED",
      7,
      new Error("closed"),
      { code: "ERR_CLOSED", message: "closed" },
    ])
      expect(SecureChatError.is(other, "ERR_CLOSED")).toBe(false)
  })

  it("recognises an error of another copy of the package", () => {
    const foreign = Object.defineProperty({ code: "ERR_CLOSED" }, Symbol.for("securechat.error.v1"), {
      value: true,
    })
    expect(SecureChatError.is(foreign, "ERR_CLOSED")).toBe(true)
  })
})
