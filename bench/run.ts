/**
 * `npm run bench`: this SDK and what one would take instead, on the same work in the same run. `--quick` keeps to six
 * minutes, `--only fernet,ratchet` to some rows, `--charts` draws what was measured before. Nothing here fails a build: a missed target is told, not hidden.
 */
import { parseArgs } from "node:util"
import { CURVES, type Curve, follow } from "./curves.ts"
import { type Rounds, compare, sideBySide } from "./measure.ts"
import { installPeers, versionOf } from "./peers.ts"
import { document } from "./document.ts"
import { readResults, writeResults } from "./results.ts"
import { type Opponent, type Result, type Row, isMet } from "./row.ts"
import { CORE_ROWS } from "./rows-core.ts"
import { BROWSER_ROWS } from "./rows-browser.ts"
import { CHAT_ROWS } from "./rows-chat.ts"
import { PRIMITIVE_ROWS } from "./rows-primitives.ts"
import { RELAY_ROWS } from "./rows-relay.ts"
import { SIZE_ROWS } from "./rows-size.ts"

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    charts: { type: "boolean", default: false },
  },
})
const QUICK: Rounds = { count: 5, forMs: 250, warmMs: 500 }
const FULL: Rounds = { count: 11, forMs: 600, warmMs: 1_500 }

const ONCE: Rounds = { count: 1, forMs: 1, warmMs: 0 }

const roundsFor = (row: Row): Rounds => {
  if (row.once === true) return ONCE
  const { count, forMs, warmMs } = flags.quick ? QUICK : FULL
  const slowness = row.slowness ?? 1
  return { count, forMs: forMs * slowness, warmMs: warmMs * slowness }
}

const number = (value: number): string =>
  value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 })

function print(result: Result): void {
  const { compared, target, missing } = result
  const against = `${result.against} ${result.version}`.padEnd(52)
  if (compared === undefined) {
    console.log(`  !! ${against} NO FIGURE: ${missing ?? "unknown"}`)
    return
  }
  const wanted =
    target === undefined ? "" : Object.entries(target).map(([how, ratio]) => `${how} ${ratio}`)[0]
  const verdict = { true: "met", false: "MISSED", undefined: "" }[String(isMet(result))] ?? ""
  const ratio = `${compared.ratio.toFixed(2)}x (${compared.low.toFixed(2)} to ${compared.high.toFixed(2)})`
  const both = `${number(compared.ours)} : ${number(compared.theirs)}`
  console.log(`     ${against} ${both.padStart(24)}  ${ratio.padEnd(26)} ${wanted ?? ""} ${verdict}`)
}

async function race(row: Row): Promise<readonly Result[]> {
  console.log(`\n${row.work} [${row.unit}]`)
  const figures = await sideBySide([row.ours, ...row.theirs.map(({ by }) => by)], roundsFor(row))
  const mine = figures.get(row.ours.name)
  return row.theirs.map(({ by, target }: Opponent): Result => {
    const theirs = figures.get(by.name)
    const failed = [mine, theirs].find((figure) => figure instanceof Error)
    const compared = Array.isArray(mine) && Array.isArray(theirs) ? compare(mine, theirs) : undefined
    const result: Result = {
      id: row.id,
      group: row.group,
      work: row.work,
      unit: row.unit,
      against: by.name,
      version: versionOf(by.name),
      target,
      compared,
      missing: failed?.message,
    }
    print(result)
    return result
  })
}

const CURVE_QUICK: Rounds = { count: 3, forMs: 300, warmMs: 300 }

async function draw(spec: (typeof CURVES)[number]): Promise<Curve> {
  console.log(`\n${spec.title} [µs], by ${spec.grows}`)
  const curve = await follow(spec, flags.quick, flags.quick ? CURVE_QUICK : FULL)
  for (const { size, cost, low, high } of curve.points)
    console.log(
      `     ${number(size).padStart(12)} ${number(cost).padStart(10)}  (${number(low)} to ${number(high)})`,
    )
  for (const what of curve.missing) console.log(`  !! NO FIGURE: ${what}`)
  return curve
}

const ROWS: readonly Row[] = [
  ...[...PRIMITIVE_ROWS, ...CORE_ROWS, ...SIZE_ROWS],
  ...[...BROWSER_ROWS, ...RELAY_ROWS, ...CHAT_ROWS],
]
const only = flags.only.split(",").filter((name) => name !== "")
const wanted = (row: Row): boolean =>
  (row.quick || !flags.quick) &&
  (only.length === 0 || only.some((name) => row.group === name || row.id.startsWith(name)))

const beganMs = performance.now()
const command = ["npm run bench --", ...process.argv.slice(2).filter((arg) => arg !== "--")].join(" ")
if (!flags.charts) {
  installPeers()
  const results: Result[] = []
  const curves: Curve[] = []
  for (const row of ROWS.filter(wanted)) {
    results.push(...(await race(row)))
    writeResults(command, results, curves)
  }
  for (const spec of CURVES.filter(
    ({ id }) => only.length === 0 || only.includes("curves") || only.includes(id),
  )) {
    curves.push(await draw(spec))
    writeResults(command, results, curves)
  }
  const targets = results.filter((result) => result.target !== undefined)
  const met = targets.filter((result) => isMet(result))
  const seconds = Math.round((performance.now() - beganMs) / 1000)
  console.log(`\n${met.length} of ${targets.length} targets met, ${seconds} s`)
}
const saved = readResults()
if (saved !== undefined) document(saved)
