/**
 * `npm run bench -- --charts`: pictures of `results.json` for docs/benchmarks.md. Plain SVG, readable on light and on dark
 * pages; a bar is ours over theirs on a logarithmic scale, the tick is the target.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { drawing } from "./curve-chart.ts"
import type { Results } from "./results.ts"
import { type Result, isMet } from "./row.ts"

const WIDTH = 860
const BAR = 16
const GAP = 10
const LEFT = 430
const RIGHT = 90
const TOP = 44

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px } .small { font-size: 11px; fill: #59636e }
  .met { fill: #1a7f37 } .missed { fill: #bc4c00 } .beside { fill: #6e7781 }
  .one { stroke: #59636e; stroke-dasharray: 3 3 } .target { stroke: #0969da; stroke-width: 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .met { fill: #3fb950 } .missed { fill: #f0883e }
    .beside { fill: #8b949e } .one { stroke: #9198a1 } .target { stroke: #4493f8 }
  }`

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const targetOf = ({ target }: Result): number | undefined =>
  target === undefined ? undefined : "atLeast" in target ? target.atLeast : target.atMost

function chart(title: string, rows: readonly Result[]): string {
  const shown = rows.filter((row) => row.compared !== undefined)
  const logs = shown.flatMap((row) => [row.compared?.ratio ?? 1, targetOf(row) ?? 1]).map(Math.log10)
  const [least, most] = [Math.min(-0.3, ...logs), Math.max(0.3, ...logs)]
  const x = (ratio: number): number =>
    LEFT + ((Math.log10(ratio) - least) / (most - least)) * (WIDTH - LEFT - RIGHT)
  const height = TOP + shown.length * (BAR + GAP) + 10
  const bars = shown.map((row, index) => {
    const y = TOP + index * (BAR + GAP)
    const ratio = row.compared?.ratio ?? 1
    const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))]
    const kind = { true: "met", false: "missed", undefined: "beside" }[String(isMet(row))] ?? "beside"
    const target = targetOf(row)
    const tick =
      target === undefined
        ? ""
        : `<line class="target" x1="${x(target).toFixed(1)}" x2="${x(target).toFixed(1)}" y1="${y - 2}" y2="${y + BAR + 2}"/>`
    const name = `${row.work.slice(0, 44)} / ${row.against.replace(/^@[^/]*\//, "")}`.slice(0, 66)
    return `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${escaped(name)}</text>
<rect class="${kind}" x="${from.toFixed(1)}" y="${y}" width="${Math.max(1, to - from).toFixed(1)}" height="${BAR}" rx="2"/>${tick}
<text x="${(Math.max(to, x(target ?? 1)) + 6).toFixed(1)}" y="${y + 12}">${ratio.toFixed(2)}×</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<text class="title" x="8" y="18">${escaped(title)}</text>
<text class="small" x="8" y="34">ours over theirs, logarithmic; blue: the target; green: met, orange: missed, grey: shown beside</text>
<line class="one" x1="${x(1).toFixed(1)}" x2="${x(1).toFixed(1)}" y1="${TOP - 6}" y2="${height - 6}"/>
${bars.join("\n")}
</svg>
`
}

const TITLES = {
  primitive: "Primitives: what bounds the rest",
  fernet: "Fernet",
  handshake: "Handshake",
  ratchet: "Ratchet",
  file: "Files",
  relay: "Relay",
  chat: "From send() to the message event",
  memory: "Sessions",
  browser: "Browser",
} as const

export function drawCharts({ rows, curves }: Results): readonly string[] {
  const folder = new URL("../docs/benchmarks/", import.meta.url)
  mkdirSync(folder, { recursive: true })
  if (curves.length > 0) writeFileSync(new URL("growth.svg", folder), drawing(curves, STYLE))
  return (Object.keys(TITLES) as (keyof typeof TITLES)[]).flatMap((group) => {
    const mine = rows.filter((row) => row.group === group && row.compared !== undefined)
    if (mine.length === 0) return []
    writeFileSync(new URL(`${group}.svg`, folder), chart(TITLES[group], mine))
    return [group]
  })
}

/** The table of docs/benchmarks.md, between its two marks. */
export function tableOf({ rows }: Results): string {
  const number = (value: number): string =>
    value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 })
  const lines = rows.map((row) => {
    const { compared } = row
    const target = targetOf(row)
    const wanted = target === undefined ? "–" : `${"atMost" in (row.target ?? {}) ? "≤" : "≥"} ${target}`
    const verdict = { true: "met", false: "**missed**", undefined: "" }[String(isMet(row))] ?? ""
    const figures =
      compared === undefined
        ? `**no figure**: ${row.missing ?? ""} | | |`
        : `${number(compared.ours)} | ${number(compared.theirs)} | ${compared.ratio.toFixed(2)} (${compared.low.toFixed(2)}–${compared.high.toFixed(2)})`
    return `| ${row.work} [${row.unit}] | ${row.against} ${row.version} | ${figures} | ${wanted} ${verdict} |`
  })
  return [
    "| work | against | ours | theirs | ratio (lowest–highest round) | target |",
    "| --- | --- | ---: | ---: | ---: | --- |",
    ...lines,
  ].join("\n")
}

/** The table of curves under it. */
export const curvesOf = ({ curves }: Results): string =>
  [
    "| microseconds of the processor for | by | |",
    "| --- | --- | --- |",
    ...curves.map(({ title, grows, points, missing }) => {
      const figures = points.map(
        ({ size, cost }) => `${size.toLocaleString("en")}: ${Math.round(cost).toLocaleString("en")}`,
      )
      return `| ${title} | ${grows} | ${[...figures, ...missing.map((what) => `**no figure**: ${what}`)].join("; ")} |`
    }),
  ].join("\n")
