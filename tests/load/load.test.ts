/**
 * The relay under load, beside a bare forwarder and Mosquitto in the same run. `npm run test:long load` takes 200 pairs and
 * 10,000 connections and holds the figures against their targets; `npm test` asks for completeness only.
 */
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { hold } from "./clients.ts"
import { tasks } from "./contest.ts"
import { type Target, figure, median } from "./figure.ts"

const LOAD = { pairs: Number(process.env["LOAD_PAIRS"] ?? 10), bytes: 512, window: 8 }
const FOR_MS = Number(process.env["LOAD_MS"] ?? 200)
const ROUNDS = Number(process.env["LOAD_ROUNDS"] ?? 1)
const LONG_MS = 1_200_000

type Name = keyof typeof tasks
/** What runs, and what it has to reach of the bare forwarder. Mosquitto is held against the relay in memory. */
const TARGETS: Readonly<Record<Exclude<Name, "bare" | "socketIo" | "mosquitto">, Target>> = {
  memory: { atLeast: 0.6 },
  redis: { atLeast: 0.4 },
  // Nobody asked for a figure: this one only keeps it where it is.
  sqlite: { atLeast: 0.25 },
}
const OURS = (process.env["LOAD_MAILBOXES"] ?? "memory").split(",") as (keyof typeof TARGETS)[]
/** Debian's, where it is installed; the result says so where it is not. */
const RIVALS: readonly Name[] =
  ROUNDS > 1 && spawnSync("mosquitto", ["-h"]).error === undefined ? ["bare", "mosquitto"] : ["bare"]

describe("the relay under load", () => {
  it(
    "delivers what it accepts, and what a message costs beside what checks nothing is told",
    async () => {
      const running = new Map<Name, Awaited<ReturnType<(typeof tasks)[Name]>>>()
      const perSecond = new Map<Name, number[]>()
      for (const name of [...RIVALS, ...OURS]) {
        running.set(name, await tasks[name](LOAD))
        perSecond.set(name, [])
      }
      // A round ends when everything that was sent is accepted, delivered and acknowledged.
      for (const one of running.values()) await one.measure(FOR_MS)
      for (let round = 0; round < ROUNDS; round++) {
        const order = [...running.entries()]
        for (const [name, one] of round % 2 === 0 ? order : order.toReversed())
          perSecond.get(name)?.push(await one.measure(FOR_MS))
      }
      const of = (name: Name): readonly number[] => perSecond.get(name) ?? []
      const against = (name: Name, rival: Name): number =>
        median(of(name).map((mine, round) => mine / (of(rival)[round] ?? Number.NaN)))
      for (const [name, figures] of perSecond)
        console.log(`${name}: ${(1e6 / median(figures)).toFixed(1)} µs of its server's processor a message`)
      for (const name of OURS)
        figure(`relay, mailboxes in ${name}, of the bare forwarder`, against(name, "bare"), "", TARGETS[name])
      if (RIVALS.includes("mosquitto") && OURS.includes("memory"))
        figure("relay, mailboxes in memory, of Mosquitto", against("memory", "mosquitto"), "", { atLeast: 1 })
      for (const figures of perSecond.values()) expect(Math.min(...figures)).toBeGreaterThan(0)
      for (const one of running.values()) await one.end()
    },
    LONG_MS,
  )

  it(
    "holds connections that are logged in and say nothing",
    async () => {
      await hold(Number(process.env["LOAD_CONNECTIONS"] ?? 100), "connections", 25)
    },
    LONG_MS,
  )
})
