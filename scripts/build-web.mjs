// Builds the web app when it is missing or older than a source it is made of. Called by `npm start` and by the tests,
// which serve examples/web/dist. The app is built straight from the packages' sources: no package build comes first.
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { root, run } from "./steps.mjs"

const app = join(root, "examples/web")
export const webDist = join(app, "dist")
const SOURCES = [
  "examples/web/src",
  "examples/web/public",
  "examples/web/index.html",
  "examples/web/vite.config.ts",
  "examples/web/package.json",
  "packages/core/src",
  "packages/core/package.json",
  "packages/transport-socketio/src",
  "packages/transport-socketio/package.json",
  "packages/transport-ws/src",
  "packages/transport-ws/package.json",
  "pnpm-lock.yaml",
]

function newestMs(path) {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))))
}

/** Whether something was built. */
export async function buildWeb() {
  const page = join(webDist, "index.html")
  const sourceMs = Math.max(...SOURCES.map((path) => newestMs(join(root, path))))
  if (existsSync(page) && statSync(page).mtimeMs >= sourceMs) return false
  await run(["node", join(app, "node_modules/vite/bin/vite.js"), "build"], { cwd: app })
  return true
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log((await buildWeb()) ? "built" : "fresh")
