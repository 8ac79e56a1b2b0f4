/**
 * The picture of the curves: cost against what grows, both logarithmic, each curve over its own smallest size, so that a flat
 * line is a cost that does not grow and a doubling looks the same in all of them.
 */
import type { Curve } from "./curves.ts"

const WIDTH = 860
const HEIGHT = 420
const [LEFT, RIGHT, TOP, BOTTOM] = [60, 20, 44, 130]
const COLOURS = ["#0969da", "#1a7f37", "#bc4c00", "#8250df"]
/** Times the cost at the smallest size. */
const TICKS = [0.25, 0.5, 1, 2, 4, 8]

const growthOf = ({ points }: Curve): readonly (readonly [size: number, times: number])[] => {
  const first = points[0]?.cost ?? 1
  return points.map(({ size, cost }) => [size, cost / first])
}

export function drawing(curves: readonly Curve[], style: string): string {
  const sizes = curves.flatMap((curve) => curve.points.map(({ size }) => Math.max(1, size)))
  const most = Math.log10(Math.max(10, ...sizes))
  const x = (size: number): number => LEFT + (Math.log10(Math.max(1, size)) / most) * (WIDTH - LEFT - RIGHT)
  const [low, high] = [Math.log2(TICKS[0] ?? 1), Math.log2(TICKS.at(-1) ?? 1)]
  const y = (times: number): number => {
    const inside = Math.min(high, Math.max(low, Math.log2(times)))
    return TOP + ((high - inside) / (high - low)) * (HEIGHT - TOP - BOTTOM)
  }
  const at = (value: number): string => value.toFixed(1)
  const grid = TICKS.map(
    (times) =>
      `<line class="one" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(times))}" y2="${at(y(times))}"/><text class="small" x="${LEFT - 6}" y="${at(y(times) + 4)}" text-anchor="end">${times}×</text>`,
  )
  const decades = Array.from(
    { length: Math.floor(most) + 1 },
    (_, power) =>
      `<text class="small" x="${at(x(10 ** power))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${(10 ** power).toLocaleString("en")}</text>`,
  )
  const lines = curves.map((curve, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? "#0969da"
    const points = growthOf(curve).map(([size, times]) => `${at(x(size))},${at(y(times))}`)
    const dots = points.map((point) => {
      const [cx = "0", cy = "0"] = point.split(",")
      return `<circle cx="${cx}" cy="${cy}" r="4" fill="${colour}"/>`
    })
    const named = HEIGHT - BOTTOM + 46 + index * 20
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join("")}
<circle cx="${LEFT}" cy="${named - 4}" r="4" fill="${colour}"/><text x="${LEFT + 12}" y="${named}">${curve.title}; by ${curve.grows}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Cost as something grows">
<style>${style}</style>
<text class="title" x="8" y="18">Cost of one piece of work as something beside it grows</text>
<text class="small" x="8" y="34">over the cost at the smallest size, both scales logarithmic: a flat line is what is wanted</text>
${[...grid, ...decades, ...lines].join("\n")}
</svg>
`
}
