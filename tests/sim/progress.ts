/** What a range of seeds has come to so far: failing ones at once, now and then how far it is, in the end the sums. */
import type { Invariant } from "@securechat/testkit"
import type { Verdict } from "./pool.ts"
import { type Outcome, replayLine, told } from "./report.ts"

const EVERY_MS = 30_000

export interface Sums {
  seeds: number
  promised: number
  delivered: number
  told: number
  frames: number
}

export class Progress {
  readonly sums: Sums = { seeds: 0, promised: 0, delivered: 0, told: 0, frames: 0 }
  /** How often each thing that may go wrong did. */
  readonly happened = new Map<string, number>()
  readonly broken: number[] = []
  readonly #count: number
  readonly #breaks: Invariant | undefined
  readonly #say: (line: string) => void
  readonly #startedMs = performance.now()
  #saidMs = performance.now()

  /** @param breaks only this counts. */
  constructor(count: number, breaks: Invariant | undefined, say: (line: string) => void) {
    this.#count = count
    this.#breaks = breaks
    this.#say = say
  }

  /** True where the seed breaks something. */
  add(verdict: Verdict): boolean {
    this.sums.seeds += 1
    const isBroken = "threw" in verdict ? this.#threw(verdict) : this.#judged(verdict)
    if (isBroken) this.broken.push(verdict.seed)
    const nowMs = performance.now()
    if (nowMs - this.#saidMs > EVERY_MS) {
      this.#saidMs = nowMs
      this.#say(this.#state(nowMs))
    }
    return isBroken
  }

  #threw({ seed, threw }: { readonly seed: number; readonly threw: string }): boolean {
    this.#say(`seed ${seed} threw; replay: ${replayLine(seed)}\n${threw}`)
    return this.#breaks === undefined
  }
  #judged(outcome: Outcome): boolean {
    for (const key of ["promised", "delivered", "told", "frames"] as const)
      this.sums[key] += outcome.figures[key]
    for (const [what, times] of Object.entries(outcome.happened))
      this.happened.set(what, (this.happened.get(what) ?? 0) + times)
    const violations = outcome.violations.filter(({ invariant }) => invariant === (this.#breaks ?? invariant))
    if (violations.length > 0) this.#say(told({ ...outcome, violations }))
    return violations.length > 0
  }

  #state(nowMs: number): string {
    const { seeds } = this.sums
    const perSeedMs = (nowMs - this.#startedMs) / seeds
    const leftS = Math.round(((this.#count - seeds) * perSeedMs) / 1000)
    return `${seeds} of ${this.#count} seeds, ${this.broken.length} broken, ${leftS} s left`
  }
}
