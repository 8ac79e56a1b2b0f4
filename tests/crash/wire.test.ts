/** The judge of what crossed the network, judged: each thing it must notice, made by hand. */
import { generatePrekey } from "@securechat/core/identity"
import { type Frame, encodeHeader, frameCodec } from "@securechat/core/wire"
import { checkHistory, relayDevice, unsafeSeeded } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { Wire } from "./wire.ts"

const { random } = unsafeSeeded(1)
const deps = { random, nowMs: () => 0 }
const bytes = (length: number): Uint8Array<ArrayBuffer> => random(length)
const [from, to] = [relayDevice(deps), relayDevice(deps)]

const seen = (wire: Wire, frame: Frame): void => {
  wire.note("ada", "up", Buffer.from(frameCodec.encode(frame)))
}
/** An envelope that names its key, and a token. */
const envelope = (
  sessionId: Uint8Array<ArrayBuffer>,
  count: number,
  token: number,
): Uint8Array<ArrayBuffer> =>
  Buffer.concat([
    encodeHeader({
      ...{ type: "message", sessionId, ratchetKey: new Uint8Array(32), previousCount: 0, count },
      ...{ handshake: undefined, kemKey: undefined, kemCiphertext: undefined, commitment: undefined },
    }),
    Uint8Array.of(0x80, token),
  ])

describe("what crossed the network", () => {
  it("is sound where an envelope and a publication come again as they were", () => {
    const wire = new Wire()
    const submit = from.submit(3, to, envelope(bytes(16), 1, 1))
    const publish = from.publish(4)
    for (const frame of [submit, publish, { ...submit, request: 9 }, { ...publish, request: 8 }])
      seen(wire, frame)
    expect([wire.problems, wire.repeats, checkHistory(wire.sealed)]).toEqual([[], 1, []])
  })

  it("is not where an envelope comes again with other bytes", () => {
    const wire = new Wire()
    const sessionId = bytes(16)
    const submit = from.submit(3, to, envelope(sessionId, 1, 1))
    seen(wire, submit)
    seen(wire, { ...submit, body: envelope(sessionId, 2, 1) })
    expect(wire.problems).toHaveLength(1)
  })

  it("is not where one key has sealed two", () => {
    const wire = new Wire()
    const sessionId = bytes(16)
    seen(wire, from.submit(3, to, envelope(sessionId, 1, 1)))
    seen(wire, from.submit(4, to, envelope(sessionId, 1, 2)))
    expect(checkHistory(wire.sealed)).toMatchObject([{ invariant: "I6" }])
  })

  it("is not where a published key is published again under another name", () => {
    const wire = new Wire()
    const publish = from.publish(3)
    seen(wire, publish)
    seen(wire, { ...publish, publication: bytes(16) })
    expect(wire.problems).toHaveLength(publish.oneTime.length + publish.oneTimeKem.length)
    const one = generatePrekey(from.identity, "opk", undefined, deps).statement.bytes
    seen(wire, { ...publish, publication: bytes(16), oneTime: [one], oneTimeKem: [] })
    expect(wire.problems).toHaveLength(publish.oneTime.length + publish.oneTimeKem.length)
  })
})
