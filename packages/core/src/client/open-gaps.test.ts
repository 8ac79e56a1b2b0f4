import { describe, expect, it } from "vitest"
import { openGaps } from "./open-gaps.ts"

const gapsOf = (known: number, upTo: number, ...ahead: number[]): unknown =>
  openGaps({ known, received: { upTo, ahead } })

describe("gaps that stand", () => {
  it("are none while everything known was taken", () => {
    expect([gapsOf(0, 0), gapsOf(7, 7), gapsOf(5, 7)]).toEqual([[], [], []])
  })
  it("lie between what was taken, and behind it up to the last known number", () => {
    expect(gapsOf(9, 2, 4, 5, 7)).toEqual([
      { first: 3, last: 3 },
      { first: 6, last: 6 },
      { first: 8, last: 9 },
    ])
    expect(gapsOf(3, 0)).toEqual([{ first: 1, last: 3 }])
    expect(gapsOf(7, 2, 4, 5, 7)).toEqual([
      { first: 3, last: 3 },
      { first: 6, last: 6 },
    ])
  })
})
