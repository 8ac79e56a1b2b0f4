import { describe, expect, it } from "vitest"
import { type Forwarded, addressOf } from "./forwarded.ts"
import { type OwnNames, isLoopback, originPolicy } from "./origins.ts"

const names: OwnNames = { loopbackPort: undefined, tls: false, origins: [], pages: [] }
const policy = (change: Partial<OwnNames>): ReturnType<typeof originPolicy> =>
  originPolicy(() => ({ ...names, ...change }))

describe("a relay's own origin", () => {
  it("is a loopback name at its own port, and no other", () => {
    const { originOf } = policy({ loopbackPort: 5000 })
    expect(originOf("localhost:5000")).toBe("http://localhost:5000")
    expect(originOf("LOCALHOST:5000")).toBe("http://localhost:5000")
    expect(originOf("127.0.0.1:5000")).toBe("http://127.0.0.1:5000")
    expect(originOf("[::1]:5000")).toBe("http://[::1]:5000")
    const foreign = [
      "localhost",
      "localhost:5001",
      "evil.example:5000",
      "localhost.evil.example:5000",
      "127.0.0.1.evil:5000",
    ]
    for (const host of [
      ...foreign,
      "",
      "a b",
      "localhost:5000/path",
      "user@localhost:5000",
      "localhost:5000#",
      "[::1",
      undefined,
    ])
      expect([host, originOf(host)]).toEqual([host, undefined])
  })

  it("leaves out the port that its scheme implies", () => {
    expect(policy({ loopbackPort: 80 }).originOf("localhost")).toBe("http://localhost")
    expect(policy({ loopbackPort: 443, tls: true }).originOf("localhost:443")).toBe("https://localhost")
  })

  it("is one the operator named, whatever else the Host header says", () => {
    const { originOf } = policy({
      origins: [new URL("https://chat.example"), new URL("http://relay.lan:8080")],
    })
    expect(originOf("chat.example")).toBe("https://chat.example")
    expect(originOf("chat.example:443")).toBe("https://chat.example")
    expect(originOf("relay.lan:8080")).toBe("http://relay.lan:8080")
    for (const host of ["chat.example:80", "relay.lan", "evil.example", "localhost:5000"])
      expect(originOf(host)).toBeUndefined()
  })
})

describe("a page", () => {
  it("may connect from an own or a listed origin, and from loopback to loopback", () => {
    const open = policy({
      origins: [new URL("https://chat.example")],
      pages: [new URL("https://app.example")],
    })
    expect(["https://chat.example", "https://app.example"].map((page) => open.allowsPage(page))).toEqual([
      true,
      true,
    ])
    for (const page of [
      "http://chat.example",
      "https://chat.example:8443",
      "https://evil.example",
      "null",
      "",
      "http://localhost:5173",
    ])
      expect([page, open.allowsPage(page)]).toEqual([page, false])
    const local = policy({ loopbackPort: 5000 })
    expect(local.allowsPage("http://localhost:5173")).toBe(true)
    expect(local.allowsPage("http://127.0.0.1.evil.example")).toBe(false)
  })
})

describe("loopback", () => {
  it("is 127.0.0.0/8, ::1 and localhost", () => {
    for (const host of ["127.0.0.1", "127.255.0.3", "::1", "[::1]", "localhost", "LocalHost"])
      expect(isLoopback(host)).toBe(true)
    for (const host of ["0.0.0.0", "::", "128.0.0.1", "127.0.0.1.example", "10.0.0.1", ""])
      expect(isLoopback(host)).toBe(false)
  })
})

describe("the address of a client", () => {
  const request = (remoteAddress: string | undefined, forwarded?: string): Forwarded => ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  })

  it("is the socket's unless that is a trusted proxy", () => {
    const read = addressOf(["10.0.0.1"])
    expect(read(request("192.0.2.7", "6.6.6.6"))).toBe("192.0.2.7")
    expect(read(request("::ffff:192.0.2.7"))).toBe("192.0.2.7")
    expect(read(request("10.0.0.1", "192.0.2.9"))).toBe("192.0.2.9")
    expect(read(request("10.0.0.1"))).toBe("10.0.0.1")
    expect(read(request(undefined))).toBe("")
  })

  it("is the last one no trusted proxy wrote: what stands left of it may be made up", () => {
    const read = addressOf(["10.0.0.1", "10.0.0.2"])
    expect(read(request("::ffff:10.0.0.1", "6.6.6.6, 192.0.2.9, 10.0.0.2"))).toBe("192.0.2.9")
    expect(read(request("10.0.0.1", " , 10.0.0.2"))).toBe("10.0.0.1")
  })
})
