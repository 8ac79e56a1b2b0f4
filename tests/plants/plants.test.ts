/**
 * Proves that the tests of whole clients bite: each fault is planted into the sources as the test runner reads them, and
 * the test named with it must fail. The faults of core's inner folders are in `packages/core/test/plants`.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

interface Fault {
  readonly name: string
  /** Below the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The test that must fail: its suite, and its own name. */
  readonly caughtBy: readonly [suite: string, test: string]
}

const TEST = "tests/crash/store.test.ts"
const FAULTS: readonly Fault[] = [
  {
    name: "a delivery is acknowledged before it is stored",
    file: "packages/core/src/client/inbox.ts",
    find: 'await ledger.commit(change)\n    relay.post({ type: "ack", cursor: frame.cursor })',
    replace: 'relay.post({ type: "ack", cursor: frame.cursor })\n    await ledger.commit(change)',
    caughtBy: [
      "a store that fails before a write",
      "at batch 1 of the recipient loses no message and shows none twice",
    ],
  },
  {
    name: "a message is promised and sent before it is stored",
    file: "packages/core/src/client/outbox.ts",
    find: "await ledger.commit(change)\n      return message",
    replace: "void ledger.commit(change).catch(() => undefined)\n      return message",
    caughtBy: [
      "a store that fails before a write",
      "at batch 2 of the sender loses nothing that was promised and repeats nothing",
    ],
  },
]

const fullName = ({ caughtBy }: Fault): string => caughtBy.join(" ")

const root = fileURLToPath(new URL("../..", import.meta.url))
const reports = join(root, "reports", `plants-${process.pid}`)
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")

/** A runner's configuration that hands out `fault.file` with the fault in it; exactly one place must fit. */
const configFor = (fault: Fault | undefined): string => `
const fault = ${JSON.stringify(fault ?? null)}
const plant = {
  name: "plant",
  enforce: "pre",
  transform(code, id) {
    if (fault === null || !id.endsWith(fault.file)) return undefined
    if (code.split(fault.find).length !== 2) throw new Error("the place of the fault has moved")
    return code.replace(fault.find, () => fault.replace)
  },
}
export default {
  root: ${JSON.stringify(root)},
  plugins: [plant],
  ssr: { resolve: { conditions: ["@securechat/source", "node", "module", "import", "default"] } },
  test: { include: [${JSON.stringify(TEST)}], pool: "threads", testTimeout: 10_000 },
}
`

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** Status by full name of the tests that ran. */
const run = (fault: Fault | undefined, tests: readonly Fault[]): ReadonlyMap<string, string> => {
  const [config, out] = [join(reports, "vitest.config.mjs"), join(reports, "report.json")]
  rmSync(out, { force: true })
  writeFileSync(config, configFor(fault))
  const only = tests.map(({ caughtBy }) => caughtBy[1]).join("|")
  const args = [vitest, "run", "--config", config, "--reporter", "json", "--outputFile", out, "-t", only]
  spawnSync(process.execPath, args, { cwd: root, env: { ...process.env, VITEST: "" }, stdio: "ignore" })
  const report = JSON.parse(readFileSync(out, "utf8")) as Report
  const results = report.testResults.flatMap((file) => file.assertionResults)
  return new Map(results.map(({ fullName, status }) => [fullName, status]))
}

describe("a fault planted into a client", () => {
  beforeAll(() => {
    mkdirSync(reports, { recursive: true })
  })
  afterAll(() => {
    rmSync(reports, { recursive: true, force: true })
  })

  it("is told from none: every named test passes on the untouched sources", () => {
    const names = FAULTS.map(fullName)
    const results = run(undefined, FAULTS)
    expect(names.map((name) => results.get(name))).toEqual(names.map(() => "passed"))
  }, 60_000)

  it.each(FAULTS)(
    "is caught when $name",
    (fault) => {
      expect(run(fault, [fault]).get(fullName(fault))).toBe("failed")
    },
    60_000,
  )
})
