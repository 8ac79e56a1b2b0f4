/** How a run goes on, and what it came to. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Story } from "./story.ts"

const PROGRESS_MS = 15_000
const REPORTS = fileURLToPath(new URL("../../reports", import.meta.url))

const minutes = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1_000) % 60).padStart(2, "0")}`

/** Says how far it is, now and then; returns the end of that. */
export const showProgress = (name: string, story: Story, wanted: number): (() => void) => {
  const beganMs = Date.now()
  const timer = setInterval(() => {
    const { record, faults } = story
    const elapsedMs = Date.now() - beganMs
    const perSecond = (record.promised * 1_000) / elapsedMs
    const leftMs = ((wanted - record.promised) / Math.max(perSecond, 0.1)) * 1_000
    const so = `${record.promised}/${wanted} accepted, ${record.shown} shown, ${faults.total} faults`
    const then = leftMs > 0 ? `${perSecond.toFixed(0)} msg/s, ${minutes(leftMs)} left` : "coming to rest"
    console.log(`${name} ${minutes(elapsedMs)}: ${so}, ${then}`)
  }, PROGRESS_MS)
  return () => {
    clearInterval(timer)
  }
}

/** Printed, and kept in `reports/`. */
export const account = (name: string, story: Story, tookMs: number): void => {
  const { record, faults } = story
  const { store, broken } = record
  const sums = {
    ...{ accepted: record.promised, shown: record.shown },
    ...{ lost: broken.lost, "shown twice": broken.twice, "reordered unmarked": broken.reordered },
    ...{ "other violations": broken.other },
    ...{ "missing in a store at the end": store.lost, "twice in a store at the end": store.twice },
    ...{ "marked as late": record.late, "named as missing at first": record.missing },
    ...{ "not readable at first": record.unreadable },
    ...{ faults: faults.total, ...Object.fromEntries(faults.counts) },
    ...{ seconds: Math.round(tookMs / 1_000), "per second": Math.round((record.promised * 1_000) / tookMs) },
  }
  const lines = Object.entries(sums).map(([what, count]) => `  ${what.padEnd(32)}${count}`)
  console.log([`chaos, ${name}`, ...lines].join("\n"))
  mkdirSync(REPORTS, { recursive: true })
  writeFileSync(join(REPORTS, `chaos-${name}.json`), `${JSON.stringify(sums, undefined, 2)}\n`)
}
