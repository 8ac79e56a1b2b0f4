/** What a piece of work costs as something beside it grows: each should be a flat line. */
import type { Contestant } from "./contestant.ts"
import { type Rounds, median, sideBySide } from "./measure.ts"

interface CurveSpec {
  readonly id: string
  /** In words that stand above a picture. */
  readonly title: string
  /** What grows. */
  readonly grows: string
  readonly sizes: readonly number[]
  /** Of the full run alone: setting them up takes minutes. */
  readonly fullSizes: readonly number[]
  readonly at: (size: number) => Pick<Contestant, "module" | "task" | "input">
}
interface Point {
  readonly size: number
  /** Microseconds of the processor, median of the rounds; lowest and highest beside it. */
  readonly cost: number
  readonly low: number
  readonly high: number
}
export interface Curve {
  readonly id: string
  readonly title: string
  readonly grows: string
  readonly points: readonly Point[]
  /** Sizes that gave no figure, and why. */
  readonly missing: readonly string[]
}

export const CURVES: readonly CurveSpec[] = [
  {
    id: "length",
    title: "sealing and opening a message",
    grows: "messages before it in the conversation",
    sizes: [10, 10_000],
    fullSizes: [1_000, 100_000, 1_000_000],
    at: (messages) => ({
      module: "../packages/core/test/bench/session.ts",
      task: "atLength",
      input: { messages, bytes: 100 },
    }),
  },
  {
    id: "history",
    title: "a page of 50 from a sealed SQLite store: newest, older, from the middle",
    grows: "messages in the conversation",
    sizes: [1_000, 10_000],
    fullSizes: [100_000, 1_000_000],
    at: (messages) => ({
      module: "../packages/core/test/bench/history.ts",
      task: "pages",
      input: { messages },
    }),
  },
  {
    id: "sessions",
    title: "send() to message event, both clients and the relay",
    grows: "conversations of the client, each with its session",
    sizes: [1, 100],
    fullSizes: [1_000, 10_000],
    at: (count) => ({ module: "../tests/load/growth.ts", task: "conversations", input: { count } }),
  },
  {
    id: "connections",
    title: "a message through the relay, memory mailboxes, the relay's processor",
    grows: "connections the relay holds besides",
    sizes: [0, 300],
    fullSizes: [1_000, 9_500],
    at: (count) => ({ module: "../tests/load/growth.ts", task: "connections", input: { count } }),
  },
]

/** All sizes in the same rounds, so that a slow minute of the machine does not look like growth. */
export async function follow(spec: CurveSpec, quick: boolean, rounds: Rounds): Promise<Curve> {
  const { id, title, grows } = spec
  const sizes = [...spec.sizes, ...(quick ? [] : spec.fullSizes)]
  const figures = await sideBySide(
    sizes.map((size) => ({ name: String(size), ...spec.at(size) })),
    rounds,
  )
  const points: Point[] = []
  const missing: string[] = []
  for (const size of sizes) {
    const perSecond = figures.get(String(size))
    if (!Array.isArray(perSecond)) {
      missing.push(`${size}: ${perSecond instanceof Error ? perSecond.message : "no figure"}`)
      continue
    }
    const costs = perSecond.map((times) => 1e6 / times)
    points.push({ size, cost: median(costs), low: Math.min(...costs), high: Math.max(...costs) })
  }
  return { id, title, grows, points, missing }
}
