// From a bare computer (Node >= 20 and npm) to a running task: brings pnpm, installs frozen, and where the
// running Node is too old for the build tools, puts the Node 24 of `runtime/` first on PATH.
// `node scripts/boot.mjs <task> [flags]` runs the script `t:<task>` of package.json.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { PNPM, pnpmCommand } from "./pnpm.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const [task, ...rest] = process.argv.slice(2)
const [major, minor] = process.versions.node.split(".").map(Number)
const fresh = (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major > 24
const bundled = join(root, "runtime", "node_modules", ".bin")
const env = { ...process.env, PATH: fresh ? process.env.PATH : bundled + delimiter + process.env.PATH }
const pnpm = (...args) => {
  const [npm, ...before] = pnpmCommand
  const done = spawnSync(npm, [...before, ...args], {
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

// The task itself is a child of this process and of nothing in between. The shells that npm and pnpm put around a script
// end at a SIGTERM without passing it on, and a relay would go on behind their backs: a parent that is gone is a SIGTERM.
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const command = scripts[`t:${task}`]
if (command === undefined) {
  const tasks = Object.keys(scripts).filter((name) => name.startsWith("t:"))
  console.error(`no such task: ${task}; there are: ${tasks.map((name) => name.slice(2)).join(", ")}`)
  process.exit(1)
}
const [program, ...args] = command.split(" ")
const child = spawn(program, [...args, ...rest], {
  cwd: root,
  stdio: "inherit",
  env: { ...env, PATH: join(root, "node_modules", ".bin") + delimiter + env.PATH },
  shell: process.platform === "win32",
})
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
const parent = process.ppid
const watch = setInterval(() => {
  if (process.ppid === parent) return
  clearInterval(watch)
  child.kill("SIGTERM")
}, 250)
child.on("error", (error) => {
  console.error(`${program} cannot be run: ${error.message}`)
  process.exit(1)
})
child.on("close", (code, signal) => {
  clearInterval(watch)
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143)
})
