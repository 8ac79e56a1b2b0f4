// A run is a list of named steps: each shows its time, the first failure ends it, and the last line counts.
// The last line is read by machines: `N passed, N failed`.
import { spawn } from "node:child_process"
import { cpus } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("..", import.meta.url))
const PATH = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter)

/** A command that ended badly; what it printed is in `output` unless it was shown as it came. */
export class CommandFailed extends Error {
  #output
  constructor(command, code, output = "") {
    super(`${command.join(" ")} ended with ${code}\n${output}`)
    this.#output = output
  }
  get output() {
    return this.#output
  }
}

/** A step that fails ends the run while its neighbours still work: they must not outlive it. */
const running = new Set()
process.on("exit", () => running.forEach((child) => child.kill()))

/**
 * Runs a command and gives back what it printed.
 * @param {readonly string[]} command program and arguments; tools of the workspace are on PATH
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, show?: boolean }} options `show`: print as it comes
 */
export function run(command, { cwd = root, env = {}, show = false } = {}) {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, PATH, ...env },
      stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
      shell: process.platform === "win32",
    })
    running.add(child)
    const parts = []
    child.stdout?.on("data", (part) => parts.push(part))
    child.stderr?.on("data", (part) => parts.push(part))
    child.on("error", reject)
    child.on("close", (code, signal) => {
      running.delete(child)
      const output = Buffer.concat(parts).toString()
      if (code === 0) resolve(output)
      else reject(new CommandFailed(command, signal ?? code, output))
    })
  })
}

/** Same order out as in, at most one job per core at a time. */
export async function inParallel(items, job) {
  const results = Array.from({ length: items.length })
  const queue = [...items.entries()]
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await job(next[1])
  }
  await Promise.all(Array.from({ length: Math.min(cpus().length, 4, items.length) }, worker))
  return results
}

const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`

/** @param {string} title printed before the first step */
export function createRun(title) {
  const startedMs = performance.now()
  let passed = 0
  let failed = 0
  const finish = () => {
    console.log(`\n${title}: ${seconds(startedMs)}`)
    console.log(`${passed} passed, ${failed} failed`)
    process.exitCode = failed === 0 ? 0 : 1
  }
  /** True where the step held. */
  const attempt = async (name, work) => {
    const beganMs = performance.now()
    try {
      const note = await work()
      passed += 1
      console.log(`  ✓ ${name} (${seconds(beganMs)})${typeof note === "string" ? ` ${note}` : ""}`)
      return true
    } catch (error) {
      failed += 1
      const said = error instanceof CommandFailed ? error.message : (error?.stack ?? error)
      console.log(`  ✗ ${name} (${seconds(beganMs)}): ${said}`)
      return false
    }
  }
  const leave = () => {
    finish()
    process.exit(1)
  }
  console.log(title)
  return {
    finish,
    elapsedMs: () => performance.now() - startedMs,
    /** Results a step has counted itself; a failure among them is thrown by the step. */
    count(result) {
      passed += result.passed
      failed += result.failed
    },
    /** Runs one step; on failure prints what it said, the count, and leaves with 1. */
    async step(name, work) {
      process.stdout.write(`\n▸ ${name} …\n`)
      if (!(await attempt(name, work))) leave()
    },
    /** Steps that know nothing of each other, side by side: all run, then the first failure leaves. */
    async together(steps) {
      process.stdout.write(`\n▸ ${Object.keys(steps).join(", ")} …\n`)
      const held = await inParallel(Object.entries(steps), ([name, work]) => attempt(name, work))
      if (held.includes(false)) leave()
    },
  }
}
