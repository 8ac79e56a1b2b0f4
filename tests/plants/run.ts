/**
 * Runs the test named with each fault on sources that have it, and all of them on untouched sources; prints how each ended.
 * A project of the test runner per fault, whose plugin puts the fault in as the file is read: one process for all of
 * them, since its start took longer than the test.
 */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createVitest, type TestSpecification, type TestUserConfig } from "vitest/node"
import type { Fault } from "./fault.ts"
import { FAULTS } from "./faults.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

const plant = (fault: Fault) => ({
  name: "plant",
  enforce: "pre" as const,
  transform(code: string, id: string): string | undefined {
    if (id !== join(root, fault.file)) return undefined
    if (code.split(fault.find).length !== 2) throw new Error(`not once in ${fault.file}: ${fault.find}`)
    return code.replace(fault.find, () => fault.replace)
  },
})

const project = (name: string, fault?: Fault) => ({
  root,
  plugins: fault === undefined ? [] : [plant(fault)],
  ssr: { resolve: { conditions: ["@securechat/source", "node", "module", "import", "default"] } },
  test: { name, include: [], pool: "threads" as const, testTimeout: 30_000 },
})

const projectOf = (fault: Fault): string => fault.name.replaceAll(/[^a-z0-9]+/giu, "-")
const ending = (name: string): string => `${name.replaceAll(/[.*+?^${}()|[\]\\]/gu, "\\$&")}$`

const options: TestUserConfig = {
  config: false,
  root,
  watch: false,
  // Its key does not know the plugins, so one fault would run as another.
  fsModuleCache: false,
  reporters: [{}],
  projects: [project("untouched"), ...FAULTS.map((fault) => project(projectOf(fault), fault))],
}
const vitest = await createVitest(options)
await vitest.standalone()

const specification = (name: string, faults: readonly Fault[], test: string): TestSpecification =>
  vitest.getProjectByName(name).createSpecification(join(root, test), {
    testNamePattern: new RegExp(faults.map(({ caughtBy }) => ending(caughtBy)).join("|"), "u"),
  })

const untouched = Map.groupBy(FAULTS, ({ test }) => test)
const { testModules } = await vitest.runTestSpecifications([
  ...[...untouched].map(([test, faults]) => specification("untouched", faults, test)),
  ...FAULTS.map((fault) => specification(projectOf(fault), [fault], fault.test)),
])

/** How the tests named with a fault ended in a project. */
const states = (name: string, { caughtBy, test }: Fault): string[] =>
  testModules
    .filter((module) => module.project.name === name && module.moduleId === join(root, test))
    .flatMap((module) => [...module.children.allTests()])
    .filter((found) => found.fullName.endsWith(caughtBy))
    .map((found) => found.result().state)

console.log(
  JSON.stringify(
    FAULTS.map((fault) => ({
      name: fault.name,
      untouched: states("untouched", fault),
      planted: states(projectOf(fault), fault),
    })),
  ),
)
await vitest.close()
// The runner has set it to 1, since tests failed; here they should.
process.exitCode = 0
