import { SecureChatError } from "@securechat/core"
import { describe, expect, it } from "vitest"
import { EXIT, adviceFor } from "./exits.ts"

const WHERE = "ws://localhost:5000"

describe("adviceFor", () => {
  it("says how to start a relay when none answers", () => {
    const { exitCode, text } = adviceFor(new SecureChatError("ERR_TRANSPORT_UNREACHABLE", "x"), WHERE)
    expect(exitCode).toBe(EXIT.noRelay)
    expect(text).toContain(WHERE)
    expect(text).toContain("npm start")
  })
  it("has an exit code of its own for each kind of trouble", () => {
    const codeOf = (code: ConstructorParameters<typeof SecureChatError>[0]): number =>
      adviceFor(new SecureChatError(code, "x"), WHERE).exitCode
    expect(codeOf("ERR_USER_NOT_FOUND")).toBe(EXIT.noPeer)
    expect(codeOf("ERR_HANDLE_TAKEN")).toBe(EXIT.refused)
    expect(codeOf("ERR_AUTH_REJECTED")).toBe(EXIT.refused)
    expect(codeOf("ERR_OTHER_TAB")).toBe(EXIT.noStore)
    expect(codeOf("ERR_STORE_WRONG_KEY")).toBe(EXIT.noStore)
    expect(codeOf("ERR_INTERNAL")).toBe(EXIT.unexpected)
    expect(new Set(Object.values(EXIT)).size).toBe(Object.keys(EXIT).length)
  })
  it("passes the hint of any other error on", () => {
    const error = new SecureChatError("ERR_QUEUE_FULL", "1,000 messages wait", { hint: "Wait for flush()." })
    expect(adviceFor(error, WHERE).text).toBe("1,000 messages wait. Wait for flush().")
  })
  it("survives what is no error of ours", () => {
    expect(adviceFor(new Error("boom"), WHERE)).toEqual({ exitCode: EXIT.unexpected, text: "boom" })
    expect(adviceFor("boom", WHERE)).toEqual({ exitCode: EXIT.unexpected, text: "boom" })
  })
})
