/** Proves that the tests bite: every planted fault is caught by the test named with it. */
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { FAULTS, type Fault } from "./faults.ts"

const core = fileURLToPath(new URL("../..", import.meta.url))
/** Inside the checkout, so that packages resolve, and in a folder git does not see. */
const copy = join(core, "reports", `plants-${process.pid}`)
const require = createRequire(import.meta.url)
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs")

const CONFIG = `export default {
  ssr: { resolve: { conditions: ["@securechat/source", "node", "module", "import", "default"] } },
  test: { include: ["{src,test}/**/*.test.ts"], pool: "threads", testTimeout: 30_000 },
}
`

interface Result {
  readonly passed: readonly string[]
  readonly failed: readonly string[]
}
interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { title: string; status: string }[] }[]
}

const literally = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** Runs test files in the copy, or one test of them, and tells by name which passed. */
const runTests = (files: readonly string[], name?: string): Result => {
  const out = join(copy, "report.json")
  rmSync(out, { force: true })
  const only = name === undefined ? [] : ["-t", literally(name)]
  const args = [vitest, "run", "--root", copy, "--reporter", "json", "--outputFile", out, ...only, ...files]
  spawnSync(process.execPath, args, { cwd: copy, env: { ...process.env, VITEST: "" }, stdio: "ignore" })
  const report = JSON.parse(readFileSync(out, "utf8")) as Report
  const results = report.testResults.flatMap((file) => file.assertionResults)
  const named = (status: string): string[] => results.filter((r) => r.status === status).map((r) => r.title)
  return { passed: named("passed"), failed: named("failed") }
}

const withFault = (fault: Fault, work: () => void): void => {
  const path = join(copy, fault.file)
  const source = readFileSync(path, "utf8")
  expect(source.split(fault.find).length - 1, `"${fault.find}" stands once in ${fault.file}`).toBe(1)
  writeFileSync(path, source.replace(fault.find, fault.replace))
  try {
    work()
  } finally {
    writeFileSync(path, source)
  }
}

describe("a planted fault", () => {
  beforeAll(() => {
    mkdirSync(copy, { recursive: true })
    for (const part of ["src", "test", "package.json"])
      cpSync(join(core, part), join(copy, part), { recursive: true })
    symlinkSync(join(core, "node_modules"), join(copy, "node_modules"))
    writeFileSync(join(copy, "vitest.config.mjs"), CONFIG)
  })
  afterAll(() => {
    rmSync(copy, { recursive: true, force: true })
  })

  it("is told from none: every named test passes on the untouched copy", () => {
    const { passed } = runTests([...new Set(FAULTS.map((fault) => fault.test))])
    for (const fault of FAULTS) expect(passed).toContain(fault.caughtBy)
  }, 120_000)

  for (const fault of FAULTS)
    it(`is caught when ${fault.name}`, () => {
      withFault(fault, () => {
        expect(runTests([fault.test], fault.caughtBy).failed).toContain(fault.caughtBy)
      })
    }, 60_000)
})
