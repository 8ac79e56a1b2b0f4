/** RFC 9106, from the reference implementation: its one case of Argon2id, through both back ends. */
import { expect, it } from "vitest"
import { fromHex, toHex } from "../../src/bytes/text.ts"
import { argon2id as portable } from "../../src/primitives/argon2.default.ts"
import { argon2id as native } from "../../src/primitives/argon2.node.ts"
import type { Vectors } from "./folder.ts"

interface Case {
  readonly type: string
  readonly memoryKiB: number
  readonly iterations: number
  readonly parallelism: number
  readonly password: string
  readonly salt: string
  readonly secret: string
  readonly associatedData: string
  readonly tag: string
}

const FILE = "argon2/rfc9106.json"

export const argon2 = (vectors: Vectors): void => {
  it.each([
    ["noble", portable],
    ["node", native],
  ])("Argon2id of RFC 9106 by %s", async (_, argon2id) => {
    const cases = vectors.json(FILE) as readonly Case[]
    const ours = cases.filter(({ type }) => type === "argon2id")
    for (const { memoryKiB, iterations, parallelism, ...of } of ours) {
      const cost = { memoryKib: memoryKiB, passes: iterations, lanes: parallelism }
      const more = { secret: fromHex(of.secret), associated: fromHex(of.associatedData) }
      expect(toHex(await argon2id(fromHex(of.password), fromHex(of.salt), cost, more))).toBe(of.tag)
    }
    vectors.ran(FILE, ours.length, 1)
  })
}
