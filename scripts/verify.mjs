// The gates after `npm test`: what is built is what was meant, and installs elsewhere. `npm run verify` runs both; `.ci/run`
// runs the tests by the README's own command first and then this with `--built`.
import { tarballs } from "./pack.mjs"
import { createRun, inParallel, run } from "./steps.mjs"

const gates = createRun("npm run verify")
if (!process.argv.includes("--built"))
  await gates.step("npm test", () => run(["node", "scripts/test.mjs"], { show: true }))
await gates.step("build", () => run(["node", "scripts/build.mjs"]))
await gates.step("pack", () => run(["node", "scripts/pack.mjs"]))
await gates.step("package shape", () =>
  inParallel(tarballs, ({ file }) => run(["publint", file, "--strict"])),
)
await gates.step("types as users see them", () =>
  inParallel(tarballs, ({ file }) => run(["attw", file, "--profile", "esm-only"])),
)
await gates.step("size", () => run(["node", "scripts/size.mjs"], { show: true }))
await gates.step("size of the web app", () => run(["node", "scripts/web-size.mjs"], { show: true }))
await gates.step("docs", () => run(["node", "scripts/check-docs.ts"], { show: true }))
await gates.step("packed tarballs", () => run(["node", "scripts/smoke.mjs"], { show: true }))
gates.finish()
