/** The terminal chat as a real process: over pipes, or inside a pseudo-terminal. Waits for output, never for time. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const MAIN = fileURLToPath(new URL("../../examples/cli/src/main.ts", import.meta.url))
const SCREEN = fileURLToPath(new URL("screen.py", import.meta.url))
const NODE = [process.execPath, "--conditions=@securechat/source", MAIN] as const

/** Python opens the pseudo-terminal: Node cannot without a native addon. Empty: there is none on this computer. */
export const python: string =
  [process.env["SECURECHAT_PYTHON"], "/usr/bin/python3", "python3"].find(
    (name) => name !== undefined && name !== "" && spawnSync(name, ["-c", "import pty"]).status === 0,
  ) ?? ""

export interface ChatProcess {
  /** Everything it has written to stdout so far. */
  readonly output: () => string
  readonly errors: () => string
  /** Resolves with the first match in the output; rejects when the process ends without one. */
  readonly until: (pattern: RegExp) => Promise<RegExpExecArray>
  readonly type: (text: string) => void
  /** End of input. */
  readonly end: () => void
  readonly signal: (name: NodeJS.Signals) => void
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

const running = new Set<ChildProcessWithoutNullStreams>()
/** For `afterEach`: nothing outlives its test. */
export const killAll = (): void => {
  for (const child of running) child.kill("SIGKILL")
}

const watch = (child: ChildProcessWithoutNullStreams): ChatProcess => {
  running.add(child)
  let output = ""
  let errors = ""
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of [...waiting]) look()
  }
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    output += part
    tell()
  })
  child.stderr.setEncoding("utf8").on("data", (part: string) => (errors += part))
  child.stdin.on("error", () => {
    // It has left already; `ended` says how.
  })
  const ended = new Promise<number | string>((resolve) => {
    child.on("close", (code, name) => {
      running.delete(child)
      resolve(code ?? name ?? "unknown")
      tell()
    })
  })
  const until = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(output)
        if (found === null && running.has(child)) return
        waiting.delete(look)
        if (found === null) reject(new Error(`ended before ${String(pattern)}:\n${output}\n${errors}`))
        else resolve(found)
      }
      waiting.add(look)
      look()
    })
  return {
    output: () => output,
    errors: () => errors,
    until,
    type: (text) => child.stdin.write(text),
    end: () => child.stdin.end(),
    signal: (name) => child.kill(name),
    ended,
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** What colors or hurries the output, or names another relay, on this computer. */
const FOREIGN: ReadonlySet<string> = new Set(["NO_COLOR", "FORCE_COLOR", "CI", "PORT"])

const environment = (extra: Environment): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.has(name))),
  TERM: "xterm-256color",
  ...extra,
})

/** Over pipes, as a script runs it. */
export const startPlain = (args: readonly string[], env: Environment = {}): ChatProcess => {
  const [node, ...before] = NODE
  return watch(spawn(node, [...before, ...args], { env: environment(env), stdio: "pipe" }))
}

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

/** Inside a terminal of this size, as a person runs it. */
export const startScreen = (
  args: readonly string[],
  { columns, rows }: ScreenSize,
  env: Environment = {},
): ChatProcess =>
  watch(
    spawn(python, [SCREEN, String(columns), String(rows), ...NODE, ...args], {
      env: environment(env),
      stdio: "pipe",
    }),
  )
