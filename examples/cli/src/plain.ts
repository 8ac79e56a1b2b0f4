/** One line per event on stdout, one command or message per line on stdin. For pipes, scripts and screen readers. */
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import { parseCommand } from "./command.ts"
import { type Entry, plainLine } from "./entry.ts"
import { EXIT } from "./exits.ts"
import type { Talk } from "./talk.ts"

/** How long the end waits for the relay to take what was said, and then for receipts, which a stranger may not give. */
const RELAY_MS = 30_000
const RECEIPT_MS = 10_000

export const plainShow =
  (output: Writable) =>
  (entry: Entry): void => {
    const line = plainLine(entry)
    if (line !== undefined) output.write(`${line}\n`)
  }

export interface PlainSurroundings {
  readonly talk: Talk
  readonly input: Readable
  /** Fires at once on Ctrl-C. */
  readonly signal: AbortSignal
}

const within = (ms: number, signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(ms)])

/** What was said is with the relay, else it would be lost. */
const flush = async (talk: Talk, signal: AbortSignal): Promise<number> => {
  try {
    await talk.flushed({ signal: within(RELAY_MS, signal) })
    return EXIT.fine
  } catch (error) {
    if (signal.aborted) return EXIT.fine
    talk.fail(error)
    return EXIT.unsent
  }
}

/** Resolves with the exit code when stdin has ended, on `/quit`, or when the signal fires. */
export const runPlain = async ({ talk, input, signal }: PlainSurroundings): Promise<number> => {
  const lines = createInterface({ input, crlfDelay: Infinity, signal })
  try {
    for await (const line of lines) {
      const command = parseCommand(line)
      // Whoever says /quit wants to leave: only the end of input waits for receipts.
      if (command.kind === "quit") return await flush(talk, signal)
      await talk.run(command)
    }
    const exitCode = await flush(talk, signal)
    await talk.delivered({ signal: within(RECEIPT_MS, signal) }).catch(() => undefined)
    return exitCode
  } finally {
    lines.close()
    input.destroy()
  }
}
