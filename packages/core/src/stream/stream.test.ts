import { afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import { bytesOf } from "../../test/support/back-ends.ts"
import { refused } from "../../test/support/ratchet-side.ts"
import { seededDeps } from "../../test/support/seeded.ts"
import { collect, inPieces, SEALED_CHUNK_BYTES, untilRefused } from "../../test/support/streams.ts"
import { toHex } from "../bytes/text.ts"
import { STREAM_CHUNK_BYTES } from "../limits.ts"
import type { ByteSource } from "./chunks.ts"
import { STREAM_HEADER_BYTES } from "./header.ts"
import type { openStream as open } from "./open.ts"
import type { sealStream as seal } from "./seal.ts"

type Seal = typeof seal
type Open = typeof open

const what = { secret: bytesOf("secret", 32), purpose: "file" } as const
const CHUNK = STREAM_CHUNK_BYTES
const SIZES = [0, 1, 1_000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7]
const content = bytesOf("content", 2 * CHUNK + 7)

const WAYS = ["node:crypto", "WebCrypto", "noble"] as const

describe.each(WAYS)("a sealed stream over %s", (way) => {
  let sealStream: Seal
  let openStream: Open
  const without = (): void => {
    if (way === "noble") vi.stubGlobal("crypto", {})
  }
  beforeAll(async () => {
    vi.resetModules()
    if (way === "node:crypto") vi.doUnmock("#bulk")
    else vi.doMock("#bulk", () => import("../primitives/bulk.default.ts"))
    ;({ sealStream } = await import("./seal.ts"))
    ;({ openStream } = await import("./open.ts"))
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })
  const sealed = (source: ByteSource): Promise<Uint8Array> => collect(sealStream(source, what, seededDeps(1)))

  it("opens to what was sealed, at every size around a chunk, and has the length it must have", async () => {
    without()
    for (const size of SIZES) {
      const plain = content.subarray(0, size)
      const bytes = await sealed([plain])
      const chunks = Math.max(1, Math.ceil(size / CHUNK))
      expect(bytes).toHaveLength(STREAM_HEADER_BYTES + size + 16 * chunks)
      expect(await collect(openStream([bytes], what))).toEqual(plain)
    }
  })

  it("has the same bytes however the source is cut, and opens however it arrives", async () => {
    without()
    const whole = await sealed([content])
    for (const size of [997, CHUNK, CHUNK + 1])
      expect(toHex(await sealed(inPieces(content, size)))).toBe(toHex(whole))
    for (const size of [997, STREAM_HEADER_BYTES, SEALED_CHUNK_BYTES])
      expect(await collect(openStream(inPieces(whole, size), what))).toEqual(content)
  })

  it("goes over the cipher it is meant to go over", async () => {
    without()
    const encrypt = way === "noble" ? undefined : vi.spyOn(crypto.subtle, "encrypt")
    await sealed([content])
    expect(encrypt?.mock.calls.length).toBe({ "node:crypto": 0, WebCrypto: 3, noble: undefined }[way])
    encrypt?.mockRestore()
  })

  it("gives nothing of a stream that was made with another secret", async () => {
    without()
    const other = { ...what, secret: bytesOf("other secret", 32) }
    const { given, code } = await untilRefused(openStream([await sealed([content])], other))
    expect([given.length, code]).toEqual([0, "ERR_AUTHENTICATION"])
  })
})

describe("a sealed stream", () => {
  let sealStream: Seal
  let openStream: Open
  beforeAll(async () => {
    vi.resetModules()
    vi.doUnmock("#bulk")
    ;({ sealStream } = await import("./seal.ts"))
    ;({ openStream } = await import("./open.ts"))
  })

  it("opens when it comes byte by byte, with empty pieces in between", async () => {
    const plain = content.subarray(0, 2_000)
    const bytes = await collect(sealStream([plain], what, seededDeps(2)))
    const drip = inPieces(bytes, 1).flatMap((byte) => [byte, new Uint8Array(0)])
    expect(await collect(openStream(drip, what))).toEqual(plain)
  })

  it("of nothing at all is one empty chunk", async () => {
    const bytes = await collect(sealStream([], what, seededDeps(3)))
    expect(bytes).toHaveLength(STREAM_HEADER_BYTES + 16)
    expect(await collect(openStream([bytes], what))).toHaveLength(0)
  })

  it("draws a salt for every stream: the same file twice under one secret shares no chunk", async () => {
    const deps = seededDeps(4)
    const once = await collect(sealStream([content], what, deps))
    const again = await collect(sealStream([content], what, deps))
    expect(toHex(again.subarray(8, 40))).not.toBe(toHex(once.subarray(8, 40)))
    expect(toHex(again.subarray(72, 104))).not.toBe(toHex(once.subarray(72, 104)))
  })

  it("of one length less than a head is refused as no stream, of a head alone as cut", async () => {
    const bytes = await collect(sealStream([content], what, seededDeps(5)))
    for (const length of [0, 1, 8, 71])
      await expect(collect(openStream([bytes.subarray(0, length)], what))).rejects.toThrow(
        refused("ERR_DECODE"),
      )
    await expect(collect(openStream([bytes.subarray(0, 72)], what))).rejects.toThrow(
      refused("ERR_AUTHENTICATION"),
    )
  })

  it("lets its source go when its reader stops", async () => {
    let ended = 0
    function* endless(): Generator<Uint8Array> {
      try {
        for (;;) yield content
      } finally {
        ended += 1
      }
    }
    for await (const piece of sealStream(endless(), what, seededDeps(6))) if (piece.length === CHUNK) break
    for await (const _ of openStream(sealStream(endless(), what, seededDeps(7)), what)) break
    expect(ended).toBe(2)
  })

  it("passes on what its source throws, and gives no last chunk then", async () => {
    function* breaking(): Generator<Uint8Array> {
      yield content
      throw new Error("disk")
    }
    const pieces: Uint8Array[] = []
    const reading = async (): Promise<void> => {
      for await (const piece of sealStream(breaking(), what, seededDeps(8))) pieces.push(piece)
    }
    await expect(reading()).rejects.toThrow("disk")
    const { given, code } = await untilRefused(openStream(pieces, what))
    expect([given.length, code]).toEqual([CHUNK, "ERR_AUTHENTICATION"])
  })

  it("reads no further ahead than one piece, and holds no more than a chunk", async () => {
    let asked = 0
    function* counted(): Generator<Uint8Array> {
      for (; asked < 64; asked++) yield content.subarray(0, CHUNK)
    }
    let taken = 0
    for await (const opened of openStream(sealStream(counted(), what, seededDeps(9)), what)) {
      taken += opened.length / CHUNK
      expect(asked - taken).toBeLessThanOrEqual(2)
    }
    expect(taken).toBe(64)
  })
})
