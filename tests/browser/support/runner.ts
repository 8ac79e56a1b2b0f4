/**
 * A test runner for pages: collects `describe` and `it`, runs one test by its number. The same suite called in Node
 * gives the names, so that each test of a page is a test of the run.
 */
import type { Runner } from "@securechat/testkit"

export interface Collected {
  readonly name: string
  readonly test: () => Promise<void> | void
}

export const collect = (suite: (runner: Runner) => void): readonly Collected[] => {
  const tests: Collected[] = []
  const path: string[] = []
  suite({
    describe: (name, fn) => {
      path.push(name)
      fn()
      path.pop()
    },
    it: (name, test) => {
      tests.push({ name: [...path, name].join(" › "), test })
    },
  })
  return tests
}
