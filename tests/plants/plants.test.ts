/** Proves that the tests bite: each fault put into the sources is caught by the test named with it, and only then. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"
import { FAULTS } from "./faults.ts"

interface Outcome {
  readonly name: string
  readonly untouched: readonly string[]
  readonly planted: readonly string[]
}

const RUN = fileURLToPath(new URL("run.ts", import.meta.url))

describe("a planted fault", () => {
  let outcomes: readonly Outcome[] = []
  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@securechat/source", RUN], {
      env: { ...process.env, VITEST: "" },
    })
    outcomes = JSON.parse(stdout) as Outcome[]
  }, 180_000)

  it.each(FAULTS)("is caught when $name", ({ name }) => {
    const outcome = outcomes.find((one) => one.name === name)
    expect(outcome?.untouched, "without the fault").toEqual(["passed"])
    expect(outcome?.planted, "with the fault").toEqual(["failed"])
  })
})
