/** `results.json`: what was measured, on what, and with which command. `charts.ts` and docs/benchmarks.md read it. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { cpus, platform, release, totalmem } from "node:os"
import type { Curve } from "./curves.ts"
import type { Result } from "./row.ts"

export interface Results {
  readonly command: string
  readonly date: string
  readonly commit: string
  readonly node: string
  readonly machine: string
  readonly rows: readonly Result[]
  readonly curves: readonly Curve[]
}
const resultsFile = new URL("results.json", import.meta.url)

export const readResults = (): Results | undefined =>
  existsSync(resultsFile)
    ? { curves: [], ...(JSON.parse(readFileSync(resultsFile, "utf8")) as Omit<Results, "curves">) }
    : undefined

const machine = (): string => {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${memory} GiB, ${platform()} ${release()}`
}
const commit = (): string => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
  } catch {
    return "unknown"
  }
}

/** Rows and curves that did not run this time keep what they had. */
export function writeResults(command: string, rows: readonly Result[], curves: readonly Curve[]): void {
  const key = (row: Result): string => `${row.id} ${row.against}`
  const fresh = new Map(rows.map((row) => [key(row), row]))
  const ids = new Set(rows.map((row) => row.id))
  const before = readResults()
  const kept = before?.rows.filter((row) => !ids.has(row.id)) ?? []
  const drawn = new Set(curves.map((curve) => curve.id))
  const keptCurves = before?.curves.filter((curve) => !drawn.has(curve.id)) ?? []
  const results: Results = {
    command,
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    node: process.version,
    machine: machine(),
    rows: [...kept, ...fresh.values()],
    curves: [...keptCurves, ...curves],
  }
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`)
}
