// `npm test`: everything that must hold on each commit, cheapest first.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { provideNeeds } from "./needs.mjs"
import { typed } from "./projects.mjs"
import { createRun, root, run } from "./steps.mjs"

const BUDGET_MS = 8 * 60_000
const CI = process.env.CI === "true"
const suite = createRun("npm test")

await suite.step("needs", () => provideNeeds().join(", "))
// The longest first, so that both cores are busy to the end.
await suite.together({
  lint: () => run(["eslint", "."]),
  ...Object.fromEntries(typed.map((path) => [`types of ${path}`, () => run(["tsc", "-p", path])])),
  format: () => run(["prettier", "--check", "--log-level", "warn", "."]),
  layers: () => run(["depcruise", "packages", "examples", "tests", "bench", "--output-type", "err"]),
  "dead code": () => run(["knip"]),
  tables: () => run(["node", "--conditions=@securechat/source", "scripts/check-tables.ts"]),
  "web app": () => run(["node", "scripts/build-web.mjs"]),
})

/** With CI=true a skip is a failure, except of vectors, which are not part of the repository. */
const skips = (report) =>
  report.testResults
    .filter((file) => !/[/\\]vectors[/\\]|vectors\.test\.ts$/.test(file.name))
    .flatMap((file) => file.assertionResults.map((result) => ({ ...result, file: file.name })))
    .filter((result) => ["pending", "skipped", "todo"].includes(result.status))

function slowest(report) {
  const files = report.testResults.map((file) => [
    file.endTime - file.startTime,
    file.name.slice(root.length),
  ])
  return files
    .toSorted((a, b) => b[0] - a[0])
    .slice(0, 5)
    .map(([ms, name]) => `${name} ${(ms / 1000).toFixed(1)} s`)
    .join(", ")
}

await suite.step("tests", async () => {
  const file = join(root, "reports/vitest.json")
  mkdirSync(join(root, "reports"), { recursive: true })
  rmSync(file, { force: true })
  const command = ["vitest", "run", "--reporter=dot", "--reporter=json", `--outputFile.json=${file}`]
  const outcome = await run(command, { show: true }).catch((error) => error)
  if (!existsSync(file)) throw outcome
  const report = JSON.parse(readFileSync(file, "utf8"))
  suite.count({ passed: report.numPassedTests, failed: report.numFailedTests })
  if (outcome instanceof Error) throw outcome
  const skipped = skips(report)
  for (const { file: name, fullName } of skipped)
    console.log(`  !! SKIPPED ${name.slice(root.length)}: ${fullName}`)
  if (CI && skipped.length > 0) throw new Error(`${skipped.length} tests skipped with CI=true`)
  if (suite.elapsedMs() > BUDGET_MS) console.log(`  !! SLOW: over 8 minutes; slowest: ${slowest(report)}`)
  return `${report.numPassedTests} tests`
})
suite.finish()
