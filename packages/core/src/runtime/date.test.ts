import { expect, it } from "vitest"
import { dateOf } from "./date.ts"

it("shows any time a peer may claim as a date that prints", () => {
  for (const ms of [0, 1_700_000_000_000, 8.64e15, 8.64e15 + 1, Number.MAX_SAFE_INTEGER])
    expect(dateOf(ms).toISOString()).toMatch(/Z$/)
  expect(dateOf(5).getTime()).toBe(5)
})
