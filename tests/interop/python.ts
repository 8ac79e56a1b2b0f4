/** A Python process that answers one question per line, and where such a Python is. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process"
import { createInterface } from "node:readline"
import { join } from "node:path"

/** Debian's own: another `python3` on PATH may lack the module. `npm test` names it, or says that there is none. */
const named = process.env["SECURECHAT_PYTHON"] ?? "/usr/bin/python3"
const works =
  named !== "" && spawnSync(named, ["-c", "import cryptography.fernet"], { stdio: "ignore" }).status === 0
export const PYTHON: string | undefined = works ? named : undefined

export interface Question {
  readonly do: "encrypt" | "decrypt" | "accepts" | "timestamps" | "rotate" | "keys"
  readonly keys?: readonly string[]
  readonly items: unknown
}

/** `fernet_peer.py`, one process for all questions. */
export class Peer {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  #complaint = ""

  constructor(python: string) {
    this.#process = spawn(python, [join(import.meta.dirname, "fernet_peer.py")])
    this.#process.stderr.on("data", (chunk: Buffer) => (this.#complaint += chunk.toString()))
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** @throws with Python's traceback when the process ended instead of answering. */
  async ask(question: Question): Promise<unknown[]> {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`)
    const answer = await this.#lines.next()
    if (answer.done === true) throw new Error(`Python gave no answer: ${this.#complaint}`)
    return JSON.parse(answer.value) as unknown[]
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve))
    this.#process.stdin.end()
    await ended
  }
}
