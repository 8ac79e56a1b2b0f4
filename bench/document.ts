/** Puts table and machine of `results.json` into docs/benchmarks.md, and the pictures beside it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { curvesOf, drawCharts, tableOf } from "./charts.ts"
import type { Results } from "./results.ts"

const page = new URL("../docs/benchmarks.md", import.meta.url)
const BEGIN = "<!-- results: written by npm run bench -->"
const END = "<!-- end of results -->"

export function document(results: Results): void {
  const charts = drawCharts(results).map((group) => `![${group}](benchmarks/${group}.svg)`)
  if (!existsSync(page)) return
  const text = readFileSync(page, "utf8")
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error("docs/benchmarks.md has lost its marks")
  const made = `${results.date}, commit ${results.commit}, \`${results.command}\`, Node ${results.node.slice(1)}, ${results.machine}.`
  const growth = ["![what grows](benchmarks/growth.svg)", curvesOf(results)]
  const curves = results.curves.length > 0 ? growth : []
  const body = [made, ...charts, tableOf(results), ...curves].join("\n\n")
  writeFileSync(page, `${before}${BEGIN}\n\n${body}\n\n${END}${after}`)
}
