/** Processes that are killed, stopped and started again, each by its own id. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export class Program {
  readonly #file: string
  readonly #onLine: (line: string) => void
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()

  /** @param file beside this one. */
  constructor(file: string, onLine: (line: string) => void) {
    this.#file = fileURLToPath(new URL(file, import.meta.url))
    this.#onLine = onLine
  }

  /** Resolves with its first line. */
  async start(orders: object): Promise<void> {
    const args = ["--conditions=@securechat/source", this.#file, JSON.stringify(orders)]
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] })
    this.#child = child
    let complaint = ""
    child.stderr.on("data", (part: Buffer) => (complaint += part.toString()))
    child.stdin.on("error", () => undefined)
    const lines = createInterface({ input: child.stdout })
    this.#ended = Promise.all([once(child, "exit"), once(lines, "close")])
    await new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => {
        this.#onLine(line)
        resolve()
      })
      child.once("exit", () => {
        reject(new Error(`${this.#file} ended: ${complaint}`))
      })
    })
  }
  /** `kill -9`; resolves when it is gone and everything it said was heard. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL")
    await this.#ended
  }
  stop(): void {
    this.#child?.kill("SIGSTOP")
  }
  goOn(): void {
    this.#child?.kill("SIGCONT")
  }
  say(line: string): void {
    this.#child?.stdin?.write(`${line}\n`)
  }
  /** Asked to end. */
  async close(): Promise<void> {
    this.say("close")
    await this.#ended
  }
}
