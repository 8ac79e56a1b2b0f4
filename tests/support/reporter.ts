/** A process that reports one JSON object a line, and is told one line at a time. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"

export class Reporter<R extends object> {
  readonly reports: R[] = []
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting = new Set<() => void>()
  #complaints = ""

  constructor(script: URL, args: readonly string[]) {
    const options = ["--conditions=@securechat/source", "--disable-warning=ExperimentalWarning"]
    this.#child = spawn(process.execPath, [...options, script.pathname, ...args])
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.reports.push(JSON.parse(line) as R)
      this.#look()
    })
    this.#child.stderr.on("data", (data: Buffer) => {
      this.#complaints += data.toString()
    })
    this.#child.once("close", () => {
      this.#look()
    })
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }
  /** The first report with these fields, come or to come. */
  async until(wanted: Partial<R>): Promise<R> {
    for (;;) {
      const found = this.reports.find((report) =>
        Object.entries(wanted).every(([name, value]) => report[name as keyof R] === value),
      )
      if (found !== undefined) return found
      if (this.#hasEnded) throw new Error(`ended without ${JSON.stringify(wanted)}: ${this.#complaints}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }
  signal(name: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#child.kill(name)
  }
  /** How it ended: its code, or the signal that ended it. */
  async ended(): Promise<number | string> {
    if (!this.#hasEnded) await once(this.#child, "close")
    return this.#child.exitCode ?? this.#child.signalCode ?? "running"
  }
  async kill(): Promise<void> {
    if (this.#hasEnded) return
    // A stopped process dies of it as well.
    this.signal("SIGKILL")
    await this.ended()
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
  #look(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const look of waiting) look()
  }
}
