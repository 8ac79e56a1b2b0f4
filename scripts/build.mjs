// Builds every package from clean, then the web app. Packages are independent here: the bundler leaves other packages
// outside, and types come from their sources.
import { rmSync } from "node:fs"
import { join } from "node:path"
import { buildWeb, webDist } from "./build-web.mjs"
import { packages } from "./projects.mjs"
import { inParallel, root, run } from "./steps.mjs"

await inParallel(packages, async (path) => {
  rmSync(join(root, path, "dist"), { recursive: true, force: true })
  await run(["tsup"], { cwd: join(root, path) })
})
rmSync(webDist, { recursive: true, force: true })
await buildWeb()
