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

const nothing = (): void => undefined

export class Program {
  readonly #file: string
  readonly #onLine: (line: string) => void
  readonly #onDeath: (complaint: string) => void
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  /** Its end is wanted. */
  #leaving = false

  /**
   * @param file beside this one, or anywhere by its whole path.
   * @param onDeath told when it ends and nobody asked for it.
   */
  constructor(file: string, onLine: (line: string) => void, onDeath: (complaint: string) => void = nothing) {
    this.#file = fileURLToPath(new URL(file, import.meta.url))
    this.#onLine = onLine
    this.#onDeath = onDeath
  }

  /** Resolves with its first line, or when it is killed before. */
  async start(orders: object): Promise<void> {
    const args = ["--conditions=@securechat/source", this.#file, JSON.stringify(orders)]
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] })
    this.#child = child
    this.#leaving = false
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
        if (this.#leaving) {
          resolve()
          return
        }
        const what = `${this.#file} ended: ${complaint}`
        this.#onDeath(what)
        reject(new Error(what))
      })
    })
  }
  /** `kill -9`; resolves when it is gone and everything it said was heard. */
  async kill(): Promise<void> {
    this.#leaving = true
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
    this.#leaving = true
    this.say("close")
    await this.#ended
  }
}
