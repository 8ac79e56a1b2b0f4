import { describe, expect, it } from "vitest"
import { targetOf } from "./target.ts"

describe("targetOf", () => {
  it.each([
    ["http://localhost:5000", "http://localhost:5000", "/"],
    ["ws://localhost:5000/", "http://localhost:5000", "/"],
    ["wss://chat.example", "https://chat.example", "/"],
    ["https://chat.example:443/room#top", "https://chat.example", "/room"],
    ["http://[::1]:5000", "http://[::1]:5000", "/"],
  ])("reads %s as %s, namespace %s", (url, origin, namespace) => {
    expect(targetOf(url, {})).toMatchObject({ address: origin, origin, namespace, event: "securechat.v1" })
  })

  it("keeps a query, and a URL object as it was", () => {
    const url = new URL("http://localhost:5000/?room=1")
    expect(targetOf(url, {})).toMatchObject({ address: "http://localhost:5000?room=1" })
    expect(url.href).toBe("http://localhost:5000/?room=1")
  })

  it("takes a far end for a relay only when nothing was said of another server", () => {
    expect(targetOf("http://localhost", {}).relay).toBe(true)
    for (const options of [
      { event: "chat" },
      { encoding: "base64url" },
      { wrap: (frame: unknown) => frame },
      { unwrap: () => undefined },
      { join: { event: "join", payload: 1 } },
    ] as const)
      expect(targetOf("http://localhost", options).relay).toBe(false)
    expect(targetOf("http://localhost/room", {}).relay).toBe(false)
  })

  it.each(["", "localhost:5000", "/room", "ftp://chat.example"])("refuses the address %j", (url) => {
    expect(() => targetOf(url, {})).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it.each([
    { event: "connect" },
    { event: "" },
    { join: { event: "disconnect", payload: 1 } },
    { encoding: "base64" as never },
  ])("refuses %j", (options) => {
    expect(() => targetOf("http://localhost", options)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_INVALID" }),
    )
  })
})
