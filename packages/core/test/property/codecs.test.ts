/**
 * Every codec is total and canonical. The list is made from the sources: an export with `encode` and `decode` that
 * has no sample here fails, so that a new wire type cannot be forgotten.
 */
import { globSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Codec } from "../../src/bytes/codec.ts"
import { toHex } from "../../src/bytes/text.ts"
import { SecureChatError } from "../../src/errors.ts"
import { Seeded } from "../support/seeded.ts"
import { SAMPLES } from "./samples.ts"

const RUNS = Number(process.env["CODEC_RUNS"] ?? 2_000)
/** More runs take longer: 10 ms is several times what one costs. */
const TIMEOUT_MS = 20_000 + 10 * RUNS

const sources = fileURLToPath(new URL("../../src", import.meta.url))
const files = globSync("{wire,identity,session,ratchet,client,channel,store,stream}/*.ts", { cwd: sources })

const isCodec = (value: unknown): value is Codec<unknown> =>
  typeof value === "object" && value !== null && "encode" in value && "decode" in value

const codecs = new Map<string, Codec<unknown>>()
for (const file of files.filter((name) => !name.endsWith(".test.ts"))) {
  const exported = (await import(join(sources, file))) as Record<string, unknown>
  for (const [name, value] of Object.entries(exported)) if (isCodec(value)) codecs.set(name, value)
}

/** Accepted bytes encode to themselves; everything else is a typed error. */
const check = (codec: Codec<unknown>, bytes: Uint8Array): void => {
  let value: unknown
  try {
    value = codec.decode(bytes)
  } catch (error) {
    if (!SecureChatError.is(error)) throw error
    return
  }
  expect(toHex(codec.encode(value))).toBe(toHex(bytes))
}

const mutate = (bytes: Uint8Array, random: Seeded): Uint8Array => {
  const changed = bytes.slice()
  const at = random.below(changed.length)
  const kind = random.below(5)
  if (kind === 0) return changed.subarray(0, at)
  if (kind === 1) return Uint8Array.from([...changed, ...random.bytes(1 + random.below(4))])
  if (kind === 2)
    return Uint8Array.from([...changed.subarray(0, at), ...changed.subarray(at + 1 + random.below(8))])
  if (kind === 3) changed[at] = random.pick([0, 1, 0x7f, 0x80, 0xff])
  else changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8))
  return changed
}

describe("every codec of the sources", () => {
  it("has a sample", () => {
    expect(codecs.size).toBeGreaterThan(10)
    expect([...codecs.keys()].filter((name) => SAMPLES[name] === undefined)).toEqual([])
  })

  for (const [name, codec] of codecs)
    describe(name, () => {
      const samples = SAMPLES[name] ?? []
      it("gives back its samples byte for byte", () => {
        for (const sample of samples) expect(toHex(codec.encode(codec.decode(sample)))).toBe(toHex(sample))
      })

      it(
        "takes random bytes with a typed error or as their one spelling",
        () => {
          fc.assert(
            fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
              check(codec, bytes)
            }),
            { numRuns: RUNS / 4 },
          )
        },
        TIMEOUT_MS,
      )

      it(
        "takes mutated samples with a typed error or as their one spelling",
        () => {
          const random = new Seeded(name.length)
          for (let run = 0; run < RUNS; run++) check(codec, mutate(random.pick(samples), random))
        },
        TIMEOUT_MS,
      )
    })
})
