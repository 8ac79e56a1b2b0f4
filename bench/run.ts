/**
 * `npm run bench`: how often per second, median of five rounds, beside the figures that are checked in. `--save` writes them,
 * with the computer's name, because a figure means nothing without it. Nothing here fails a build: a slow machine is no bug.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { arch, cpus, platform } from "node:os"
import { Fernet } from "@securechat/core/fernet"
import { createIdentity } from "@securechat/core/identity"

interface Results {
  readonly computer: string
  readonly node: string
  /** Operations per second by name. */
  readonly perSecond: Readonly<Record<string, number>>
}

const ROUNDS = 5
const ROUND_MS = 300
const file = new URL("results.json", import.meta.url)

function perSecond(work: () => unknown): number {
  const beganMs = performance.now()
  let times = 0
  while (performance.now() - beganMs < ROUND_MS) {
    work()
    times += 1
  }
  return (times * 1000) / (performance.now() - beganMs)
}

function median(work: () => unknown): number {
  perSecond(work) // warm up
  const rounds = Array.from({ length: ROUNDS }, () => perSecond(work)).toSorted((a, b) => a - b)
  return Math.round(rounds[Math.floor(ROUNDS / 2)] ?? 0)
}

const fernet = new Fernet(Fernet.generateKey())
const content = new Uint8Array(1024).fill(7)
const token = fernet.encrypt(content)
const works: Readonly<Record<string, () => unknown>> = {
  "fernet encrypt 1 KiB": () => fernet.encrypt(content),
  "fernet decrypt 1 KiB": () => fernet.decrypt(token),
  "identity create": () => createIdentity(),
}

const saved = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined
const computer = `${cpus()[0]?.model.trim() ?? "unknown"}, ${platform()} ${arch()}`
console.log(`${computer}, Node ${process.version}; checked in: ${saved?.computer ?? "nothing"}`)
const results: Record<string, number> = {}
for (const [name, work] of Object.entries(works)) {
  const now = median(work)
  const before = saved?.perSecond[name]
  results[name] = now
  const ratio = before === undefined ? "" : `  ${(now / before).toFixed(2)} × ${before.toLocaleString("en")}`
  console.log(`${name.padEnd(28)}${now.toLocaleString("en").padStart(12)} per second${ratio}`)
}
if (process.argv.includes("--save")) {
  const fresh: Results = { computer, node: process.version, perSecond: results }
  writeFileSync(file, `${JSON.stringify(fresh, null, 2)}\n`)
}
