/** What a run found, and what it is to be. Told always; held against only where the machine is the run's own. */
import { expect } from "vitest"

/** The long form on a quiet machine. In `npm test` a slow machine is no fault. */
const GATED = process.env["LOAD_GATED"] === "1"

export type Target = { readonly atMost: number } | { readonly atLeast: number }

export function figure(what: string, value: number, unit: string, target: Target): void {
  if (!GATED) {
    console.log(`${what}: ${value.toFixed(2)}${unit}`)
    return
  }
  const met = "atMost" in target ? value <= target.atMost : value >= target.atLeast
  const wanted = "atMost" in target ? `at most ${target.atMost}` : `at least ${target.atLeast}`
  console.log(`${what}: ${value.toFixed(2)}${unit}, ${wanted}: ${met ? "met" : "MISSED"}`)
  expect.soft(met, what).toBe(true)
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** @param share such as 0.99 */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN
