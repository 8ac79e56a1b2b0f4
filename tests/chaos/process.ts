/** Processes that are killed, stopped and started again, each by its own id. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

/** The program as one file in `folder`: it starts in a sixth of the time, and a run starts it often. */
export const bundled = async (file: string, folder: string): Promise<string> => {
  const outfile = join(folder, basename(file).replace(/ts$/, "mjs"))
  await build({
    ...{ entryPoints: [fileURLToPath(new URL(file, import.meta.url))], outfile, bundle: true },
    ...{ platform: "node", format: "esm", target: "node22", logLevel: "warning" },
    conditions: ["@securechat/source", "node"],
    // What came as CommonJS asks for Node's own modules by `require`.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  })
  return outfile
}

export class Program {
  readonly #file: string
  readonly #onLine: (line: string) => void
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #killed = false
  /** What it said when it ended by itself, and not well. */
  failure: string | undefined

  /** @param file beside this one, or anywhere by its whole path. */
  constructor(file: string, onLine: (line: string) => void) {
    this.#file = fileURLToPath(new URL(file, import.meta.url))
    this.#onLine = onLine
  }

  /** Resolves with its first line, or when it is killed before. */
  async start(orders: object): Promise<void> {
    const args = ["--conditions=@securechat/source", this.#file, JSON.stringify(orders)]
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] })
    this.#child = child
    this.#killed = false
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
      child.once("exit", (code) => {
        if (this.#killed) {
          resolve()
          return
        }
        if (code !== 0) this.failure = complaint
        reject(new Error(`${this.#file} ended: ${complaint}`))
      })
    })
  }
  /** `kill -9`; resolves when it is gone and everything it said was heard. */
  async kill(): Promise<void> {
    this.#killed = true
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
