import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { findVectors, Vectors } from "./folder.ts"

describe("the folder of vectors", () => {
  const folder = mkdtempSync(join(tmpdir(), "vectors-"))
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it("is the one that was named, else the one beside the checkout, else none", () => {
    expect(findVectors(folder, "/nowhere")).toBe(folder)
    expect(findVectors(undefined, folder)).toBe(folder)
    expect(findVectors("", folder)).toBe(folder)
    expect(findVectors(undefined, "/nowhere")).toBeUndefined()
  })

  it("is an error where the named one does not exist, whatever lies beside", () => {
    expect(() => findVectors("/nowhere", folder)).toThrow(
      "SECURECHAT_VECTORS names /nowhere, which does not exist",
    )
  })

  it("fails a file that has another number of cases than it should, zero above all", () => {
    writeFileSync(join(folder, "empty.json"), "[]")
    const vectors = new Vectors(folder)
    const cases = vectors.json("empty.json") as unknown[]
    expect(() => {
      vectors.ran("empty.json", cases.length, 3)
    }).toThrow("empty.json has 0 cases, not 3")
    expect(() => vectors.text("absent.json")).toThrow("ENOENT")
  })
})
