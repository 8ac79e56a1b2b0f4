import { MAX_FRAME_BYTES } from "@securechat/core/transport"
import { describe, expect, it } from "vitest"
import { targetOf } from "./target.ts"

describe("targetOf", () => {
  it.each([
    ["ws://localhost:5000", "ws://localhost:5000/ws", "http://localhost:5000"],
    ["ws://localhost:5000/", "ws://localhost:5000/ws", "http://localhost:5000"],
    ["wss://chat.example", "wss://chat.example/ws", "https://chat.example"],
    ["wss://chat.example:443/ws", "wss://chat.example/ws", "https://chat.example"],
    ["https://chat.example/ws#top", "wss://chat.example/ws", "https://chat.example"],
    ["http://[::1]:5000", "ws://[::1]:5000/ws", "http://[::1]:5000"],
    ["ws://localhost/?room=1", "ws://localhost/ws?room=1", "http://localhost"],
  ])("reads %s as the relay at %s", (url, full, origin) => {
    expect(targetOf(url, {})).toEqual({
      url: full,
      origin,
      protocols: ["securechat.v1"],
      maxFrameBytes: MAX_FRAME_BYTES,
      relay: true,
      maxMessageBytes: MAX_FRAME_BYTES,
    })
  })

  it("offers no subprotocol to a path of somebody else's", () => {
    expect(targetOf("wss://my.app/room/42", {})).toMatchObject({
      url: "wss://my.app/room/42",
      protocols: [],
      relay: false,
      maxFrameBytes: MAX_FRAME_BYTES,
      maxMessageBytes: 1_000_000,
    })
    expect(targetOf("wss://my.app/room/42", { maxFrameBytes: 2_000_000 }).maxMessageBytes).toBe(2_000_000)
  })

  it("takes a URL object without changing it, and options as given", () => {
    const url = new URL("http://localhost:5000/")
    const target = targetOf(url, { protocols: ["mine"], maxFrameBytes: 10 })
    expect(target).toMatchObject({ url: "ws://localhost:5000/ws", protocols: ["mine"], maxFrameBytes: 10 })
    expect(url.href).toBe("http://localhost:5000/")
  })

  it.each(["", "localhost:5000", "/ws", "ftp://chat.example", "mailto:a@b"])("refuses %j", (url) => {
    expect(() => targetOf(url, {})).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it.each([0, -1, 1.5, Number.NaN])("refuses a frame limit of %d", (maxFrameBytes) => {
    expect(() => targetOf("ws://localhost", { maxFrameBytes })).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_INVALID" }),
    )
  })
})
