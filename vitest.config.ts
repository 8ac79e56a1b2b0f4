import { availableParallelism } from "node:os"
import { defaultExclude, defineConfig } from "vitest/config"
import { needsEnv } from "./scripts/needs.mjs"

const source = "@securechat/source"

export default defineConfig({
  ssr: { resolve: { conditions: [source, "node", "module"] } },
  test: {
    // Vitest leaves a core free for itself; of two that is half. One file more than cores: many wait for sockets,
    // browsers and processes that were killed.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          environment: "node",
          include: [
            "packages/*/src/**/*.test.ts",
            "packages/*/test/**/*.test.ts",
            "examples/*/{src,e2e}/**/*.test.{ts,tsx}",
            "tests/**/*.test.ts",
            "scripts/**/*.test.ts",
          ],
          exclude: [...defaultExclude, "tests/browser/**"],
          // Paths of Chromium and of Python, empty where they are missing.
          env: needsEnv(),
          pool: "forks",
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          environment: "node",
          include: ["tests/browser/**/*.test.ts"],
          // The web app, built once for all files.
          globalSetup: ["tests/browser/support/build.ts"],
          env: needsEnv(),
          pool: "forks",
          // A bound for a machine that does much else, not an expectation: a story in a browser is long.
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
    coverage: { provider: "v8", include: ["packages/*/src/**"], reportsDirectory: "reports/coverage" },
  },
})
