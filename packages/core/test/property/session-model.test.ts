import { describe, expect, it } from "vitest"
import { Model, type Outcome } from "./model.ts"

/** `MODEL_SEEDS` and `MODEL_FROM` widen the run: `npm run test:long model` takes 1,000 seeds. */
const SEEDS = Number(process.env["MODEL_SEEDS"] ?? 20)
const FROM = Number(process.env["MODEL_FROM"] ?? 1)
const STEPS = 2_000

const add = (sum: Record<string, number>, outcome: Outcome): void => {
  for (const [action, count] of Object.entries(outcome.actions)) sum[action] = (sum[action] ?? 0) + count
}

describe("two devices on a hostile network", () => {
  it(
    `open what was sent, once, and nothing else: ${SEEDS} seeds of ${STEPS} steps`,
    () => {
      const actions: Record<string, number> = {}
      let [opened, refused] = [0, 0]
      for (let seed = FROM; seed < FROM + SEEDS; seed++) {
        const outcome = new Model(seed).run(STEPS)
        opened += outcome.opened
        refused += outcome.refusedForgeries
        add(actions, outcome)
      }
      expect(opened).toBeGreaterThan(SEEDS * 400)
      expect(refused).toBeGreaterThan(SEEDS * 200)
      expect(Object.keys(actions).sort()).toEqual(
        ["deliver", "lose", "rekey", "repeat", "restart", "send", "tamper", "wait"].sort(),
      )
    },
    Math.max(120_000, SEEDS * 10_000),
  )

  it("do the same in two runs of one seed", () => {
    expect(new Model(4).run(300)).toEqual(new Model(4).run(300))
  })
})
