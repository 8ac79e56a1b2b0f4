// The gates after `npm test`: what is built is what was meant, and installs elsewhere. `npm run verify` runs both; `.ci/run`
// runs the tests by the README's own command first and then this with `--built`.
import { join } from "node:path"
import { published } from "./projects.mjs"
import { createRun, inParallel, root, run } from "./steps.mjs"

const gates = createRun("npm run verify")
if (!process.argv.includes("--built"))
  await gates.step("npm test", () => run(["node", "scripts/test.mjs"], { show: true }))
await gates.step("build", () => run(["node", "scripts/build.mjs"]))
await gates.step("package shape", () =>
  inParallel(published, (path) => run(["publint", path, "--strict", "--pack", "pnpm"])),
)
await gates.step("types as users see them", () =>
  inParallel(published, (path) =>
    run(["attw", "--pack", ".", "--profile", "esm-only"], { cwd: join(root, path) }),
  ),
)
await gates.step("size", () => run(["size-limit"], { show: true }))
await gates.step("size of the web app", () => run(["node", "scripts/web-size.mjs"], { show: true }))
await gates.step("docs", () => run(["node", "scripts/check-docs.ts"], { show: true }))
await gates.step("packed tarballs", () => run(["node", "scripts/smoke.mjs"], { show: true }))
gates.finish()
