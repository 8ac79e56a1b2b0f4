// From a bare computer (Node >= 20 and npm) to a running task: brings pnpm, installs frozen, and where the
// running Node is too old for the build tools, puts the Node 24 of `runtime/` first on PATH.
// `node scripts/boot.mjs <task> [flags]` runs the pnpm script `t:<task>`.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

const PNPM = "pnpm@12.21.0"
const root = fileURLToPath(new URL("..", import.meta.url))
const [task, ...rest] = process.argv.slice(2)
const [major, minor] = process.versions.node.split(".").map(Number)
const fresh = (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major > 24
const bundled = join(root, "runtime", "node_modules", ".bin")
const env = { ...process.env, PATH: fresh ? process.env.PATH : bundled + delimiter + process.env.PATH }
const pnpm = (...args) => {
  const done = spawnSync("npm", ["exec", "--yes", "--", PNPM, ...args], {
    cwd: root,
    stdio: "inherit",
    env,
    shell: process.platform === "win32",
  })
  if (done.status !== 0) process.exit(done.status ?? 1)
}
const stampFile = join(root, "node_modules", ".boot-stamp")
const stamp = createHash("sha256")
  .update(readFileSync(join(root, "pnpm-lock.yaml")))
  .update([PNPM, process.platform, process.arch, fresh].join())
  .digest("hex")
if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) {
  pnpm("install", "--frozen-lockfile", ...(fresh ? ["--filter", "!runtime"] : []))
  writeFileSync(stampFile, stamp)
}
// One platform package lags behind (Apple silicon: 24.0.0, too old for the build tools), and some platforms have none.
if (!fresh) {
  const bundledNode = spawnSync("node", ["--version"], {
    env,
    encoding: "utf8",
    shell: process.platform === "win32",
  })
  if (!/^v24\.(1[1-9]|[2-9]\d)\./.test(bundledNode.stdout ?? "")) {
    console.error(
      `Node ${process.version} is too old to build this. Please install Node 24: https://nodejs.org`,
    )
    process.exit(1)
  }
}
pnpm("run", `t:${task}`, ...rest)
