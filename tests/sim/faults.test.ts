/**
 * Proves that the simulation bites: each fault is planted into the sources as Node reads them, and the seed known for it
 * must show what it breaks. `SIM_FAULT_SEEDS` searches from the first seed on instead.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { FAULTS } from "./faults.ts"

const main = fileURLToPath(new URL("main.ts", import.meta.url))
const SEARCH = process.env["SIM_FAULT_SEEDS"]
const LIMIT_MS = SEARCH === undefined ? 120_000 : 6 * 3_600_000

/** What a run of the seeds prints. */
const simulate = (args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const command = ["--conditions=@securechat/source", main, ...args]
    execFile(process.execPath, command, { maxBuffer: 1 << 26 }, (_, stdout, stderr) => {
      resolve(stdout + stderr)
    })
  })

describe("a fault planted into the product", () => {
  it("has its like in no other: one for each invariant, and fifteen at least", () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
    expect(FAULTS.length).toBeGreaterThanOrEqual(15)
    expect([...new Set(FAULTS.map(({ breaks }) => breaks))].toSorted()).toEqual([
      "I1",
      "I10",
      "I11",
      "I2",
      "I3",
      "I4",
      "I5",
      "I6",
      "I7",
      "I8",
      "I9",
    ])
  })

  it.each(FAULTS)(
    "is found by the simulation: $name",
    async ({ name, breaks, seed }) => {
      const seeds = SEARCH === undefined ? ["--from", String(seed), "--seeds", "1"] : ["--seeds", SEARCH]
      const printed = await simulate(["--plant", name, "--until-broken", ...seeds])
      expect(printed).toContain(`\n  ${breaks} at record`)
      if (SEARCH !== undefined) console.log(`${name}: ${printed.split(":", 1)[0] ?? ""}`)
    },
    LIMIT_MS,
  )
})
