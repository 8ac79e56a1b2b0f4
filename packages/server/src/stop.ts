/**
 * Signals of a process: the first drains, a second ends at once. npm and pnpm pass on what the terminal
 * sent to the whole group, so the same signal within half a second is one.
 */
import type { Relay } from "./create-relay.ts"

/** The same signal within this time is an echo. relay.md §11 */
const ECHO_MS = 500

export interface StopOptions {
  readonly relay: Pick<Relay, "close">
  readonly drainMs: number
  readonly nowMs: () => number
  readonly exit: (code: number) => void
}

/** What to call on each SIGINT or SIGTERM. */
export const stopper = ({ relay, drainMs, nowMs, exit }: StopOptions): ((signal: string) => void) => {
  let first: { readonly signal: string; readonly atMs: number } | undefined
  return (signal) => {
    if (first === undefined) {
      first = { signal, atMs: nowMs() }
      relay.close({ drainMs }).then(
        () => {
          exit(0)
        },
        () => {
          exit(1)
        },
      )
      return
    }
    if (signal === first.signal && nowMs() - first.atMs < ECHO_MS) return
    exit(signal === "SIGINT" ? 130 : 143)
  }
}
