/** Row G1, and the file's half of B11 and G4: what may be done to a sealed file on its way, and that none of it gets a byte past itself. */
import { beforeAll, describe, expect, it } from "vitest"
import { concat } from "../../src/bytes/concat.ts"
import { STREAM_CHUNK_BYTES } from "../../src/limits.ts"
import { openStream } from "../../src/stream/open.ts"
import { sealStream } from "../../src/stream/seal.ts"
import { bulkCipher } from "#bulk"
import { chunkNonce } from "../../src/stream/chunks.ts"
import { beginStream } from "../../src/stream/header.ts"
import { bytesOf, flipped } from "../support/back-ends.ts"
import { seededDeps } from "../support/seeded.ts"
import { collect, takenApart, untilRefused } from "../support/streams.ts"

const CHUNK = STREAM_CHUNK_BYTES
const what = { secret: bytesOf("secret", 32), purpose: "file" } as const
const COUNT = 4
/** Four chunks, the last of them full: nothing but its mark tells it from the others. */
const content = bytesOf("content", COUNT * CHUNK)

let head: Uint8Array
let chunks: readonly Uint8Array[]
/** The same secret, another file: another salt. */
let others: readonly Uint8Array[]
beforeAll(async () => {
  ;[head, ...chunks] = takenApart(await collect(sealStream([content], what, seededDeps(1))))
  ;[, ...others] = takenApart(await collect(sealStream([content], what, seededDeps(2))))
})

/** It is refused, and everything before chunk `at` was given, and not a byte more. */
const refusedAt = async (at: number, parts: readonly Uint8Array[], name: string): Promise<void> => {
  const { given, code } = await untilRefused(openStream([concat(head, ...parts)], what))
  expect(code, name).toBe("ERR_AUTHENTICATION")
  expect(given, name).toEqual(content.subarray(0, at * CHUNK))
}
const swapped = (a: number, b: number): readonly Uint8Array[] =>
  chunks.map((chunk, at) => (at === a ? chunks[b] : at === b ? chunks[a] : chunk)!)

/** A stream as a sender makes it who has the secret and does not keep the rules. */
const made = async (
  parts: readonly { plain: Uint8Array; index: number; last: boolean }[],
): Promise<Uint8Array> => {
  const { header, key } = beginStream(what, bytesOf("salt", 32))
  const cipher = bulkCipher(key)
  const sealed: Uint8Array[] = []
  for (const { plain, index, last } of parts)
    sealed.push(...(await cipher.seal(chunkNonce({ index, last }), plain)))
  return concat(header, ...sealed)
}

describe("a sealed file on its way", () => {
  it("[G1] opens as it was sealed, so that what follows is refused for what was done to it", async () => {
    expect(chunks).toHaveLength(COUNT)
    expect(await untilRefused(openStream([concat(head, ...chunks)], what))).toEqual({
      given: content,
      code: undefined,
    })
  })

  it("[G1] cut behind each chunk, within each, and within each tag", async () => {
    for (let at = 0; at < COUNT; at++) {
      const [before, chunk] = [chunks.slice(0, at), chunks[at]!]
      if (at > 0) await refusedAt(at - 1, before, `behind chunk ${at - 1}`)
      for (const length of [1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 15])
        await refusedAt(at, [...before, chunk.subarray(0, length)], `chunk ${at} after ${length} bytes`)
    }
    await refusedAt(0, [], "behind the head")
  })

  it("[G1] with one bit changed in each chunk: first, last, in the middle, in the tag", async () => {
    for (let at = 0; at < COUNT; at++)
      for (const place of [0, 1_000, CHUNK - 1, CHUNK, CHUNK + 15]) {
        const changed = chunks.map((chunk, i) => (i === at ? flipped(chunk, place) : chunk))
        await refusedAt(at, changed, `bit at ${place} of chunk ${at}`)
      }
  })

  it("[G1] with any two chunks exchanged", async () => {
    for (let a = 0; a < COUNT; a++)
      for (let b = a + 1; b < COUNT; b++) await refusedAt(a, swapped(a, b), `${a} and ${b} exchanged`)
  })

  it("[G1] with a chunk repeated, left out, or brought in from another file of the same secret", async () => {
    for (let at = 0; at < COUNT; at++) {
      const [before, chunk, after] = [chunks.slice(0, at), chunks[at]!, chunks.slice(at + 1)]
      // The one before the last is taken for an inner chunk; the last itself, followed by anything, is none.
      await refusedAt(at === COUNT - 1 ? at : at + 1, [...before, chunk, chunk, ...after], `${at} twice`)
      if (at < COUNT - 1) await refusedAt(at, [...before, ...after], `without ${at}`)
      await refusedAt(at, [...before, others[at]!, ...after], `${at} of another file`)
    }
  })

  it("[G1] with something behind its last chunk, however little", async () => {
    for (const length of [1, 16, 17, CHUNK, CHUNK + 16])
      await refusedAt(COUNT - 1, [...chunks, new Uint8Array(length)], `${length} bytes more`)
    await refusedAt(COUNT - 1, [...chunks, ...chunks], "the whole once more")
  })

  it("[G1] without the mark of the last chunk, with it too early, twice, or on an empty chunk behind full ones", async () => {
    const [a, b] = [content.subarray(0, CHUNK), content.subarray(CHUNK, 2 * CHUNK)]
    const none = new Uint8Array(0)
    const cases = {
      unmarked: [{ plain: a, index: 0, last: false }],
      "unmarked, two": [
        { plain: a, index: 0, last: false },
        { plain: b, index: 1, last: false },
      ],
      "marked too early": [
        { plain: a, index: 0, last: true },
        { plain: b, index: 1, last: true },
      ],
      "an empty last one": [
        { plain: a, index: 0, last: false },
        { plain: none, index: 1, last: true },
      ],
      "a short inner one": [
        { plain: a.subarray(1), index: 0, last: false },
        { plain: b, index: 1, last: true },
      ],
      "begun at one": [{ plain: a, index: 1, last: true }],
    }
    for (const [name, parts] of Object.entries(cases)) {
      const { given, code } = await untilRefused(openStream([await made(parts)], what))
      const first = parts[0]!
      const genuine = parts.length > 1 && !first.last && first.plain.length === CHUNK ? CHUNK : 0
      expect([given.length, code], name).toEqual([genuine, "ERR_AUTHENTICATION"])
    }
  })

  it("[B11] [G4] opens under one secret and for one purpose: the head says so before anything is decrypted", async () => {
    const bytes = concat(head, ...chunks)
    for (const other of [
      { ...what, secret: bytesOf("other secret", 32) },
      { ...what, purpose: "thumbnail" as const },
      { ...what, purpose: "backup" as const },
    ])
      expect(await untilRefused(openStream([bytes], other))).toEqual({
        given: new Uint8Array(0),
        code: "ERR_AUTHENTICATION",
      })
  })
})
