import { describe, expect, it } from "vitest"
import { wsFaultCode } from "./ws-fault.ts"

describe("wsFaultCode", () => {
  const error = (message: string, code?: string): Error => Object.assign(new Error(message), code && { code })

  it.each([
    ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", 1009],
    ["WS_ERR_TOO_MANY_BUFFERED_PARTS", 1008],
    ["WS_ERR_INVALID_UTF8", 1007],
    ["WS_ERR_EXPECTED_MASK", 1002],
    ["HPE_INVALID_CONSTANT", 1002],
    ["ECONNREFUSED", undefined],
    ["ECONNRESET", undefined],
  ])("reads %s as %s", (code, expected) => {
    expect(wsFaultCode(error("x", code))).toBe(expected)
  })

  it.each([
    ["Unexpected server response: 404", 1002],
    ["Unexpected server response: 403", 1002],
    ["Server sent no subprotocol", 1002],
    ["Unexpected server response: 502", undefined],
    ["Unexpected server response: 503", undefined],
    ["Unexpected server response: 429", undefined],
  ])("reads a handshake that ended with %j as %s", (message, expected) => {
    expect(wsFaultCode(error(message))).toBe(expected)
  })
})
