/** 914 signatures on the edge, on which platforms disagree: one verdict of both back ends, and which one. */
import { expect, it } from "vitest"
import { fromHex, utf8 } from "../../src/bytes/text.ts"
import { BACK_ENDS } from "../support/back-ends.ts"
import type { Vectors } from "./folder.ts"

interface Edge {
  readonly number: number
  readonly key: string
  readonly sig: string
  readonly msg: string
  readonly flags: readonly string[] | null
}
/** Any of these is refused (protocol.md §2); what is left must verify. */
const REFUSED = [
  "low_order_A",
  "low_order_R",
  "non_canonical_A",
  "non_canonical_R",
  "low_order_component_A",
  "low_order_component_R",
]
const ACCEPTED = 1

export const cctvEd25519 = (vectors: Vectors): void => {
  const path = "cctv-ed25519/ed25519vectors.json"
  const accepted = new Map<string, readonly number[]>()

  it.each(BACK_ENDS)("cctv-ed25519 over %s", (name, p) => {
    const cases = vectors.json(path) as readonly Edge[]
    const taken = cases.filter((edge) => p.verifyStrict(fromHex(edge.key), utf8(edge.msg), fromHex(edge.sig)))
    for (const edge of taken)
      expect(edge.flags?.filter((flag) => REFUSED.includes(flag)) ?? [], `${edge.number}`).toEqual([])
    expect(taken).toHaveLength(ACCEPTED)
    accepted.set(
      name,
      taken.map((edge) => edge.number),
    )
    vectors.ran(path, cases.length, 914)
  })

  it("cctv-ed25519: both back ends gave one verdict on all 914", () => {
    expect(accepted.get("node")).toEqual(accepted.get("noble"))
  })
}
