// Does a stranger's first minute work? Clones HEAD into an empty folder with an empty home, runs `npm start` there, opens
// the page, sends one message between two terminal chats, stops everything and looks for what was left behind.
// Plain Node >= 20 and git; `.ci/run` calls it outside of pnpm, as a stranger would.
import { spawn, spawnSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from "node:fs"
import { createServer } from "node:net"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createRun } from "./steps.mjs"

const START_MS = 300_000
const TALK_MS = 60_000
const STOP_MS = 15_000
const root = fileURLToPath(new URL("..", import.meta.url))
const home = realpathSync(mkdtempSync(join(tmpdir(), "securechat-fresh-")))
const project = join(home, "project")

/** Empty home and caches; only the registry settings of this computer stay, or nothing could be fetched behind a mirror. */
function environment() {
  const folder = (name) => join(home, name)
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|PNPM_|XDG_|SECURECHAT_|NODE_OPTIONS$|PORT$)/.test(name),
  )
  const npmrc = process.env.npm_config_userconfig ?? join(homedir(), ".npmrc")
  return {
    ...Object.fromEntries(own),
    HOME: home,
    XDG_DATA_HOME: folder("data"),
    XDG_CACHE_HOME: folder("cache"),
    XDG_STATE_HOME: folder("state"),
    npm_config_cache: folder("npm"),
    ...(existsSync(npmrc) ? { npm_config_userconfig: npmrc } : {}),
    CI: "true",
    NO_COLOR: "1",
  }
}
const env = environment()

/** A port that was free a moment ago, below the range from which the system takes outgoing ones. */
async function freePort() {
  for (let port = 20_000 + (process.pid % 10_000); port < 32_000; port += 1) {
    const server = createServer()
    const free = await new Promise((resolve) => {
      server.once("error", () => resolve(false))
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
  throw new Error("no free port between 20000 and 32000")
}

const children = new Set()
/** A command in a process group of its own, with its lines kept and waited for. */
function launch(...command) {
  const [program, ...args] = command
  const child = spawn(program, args, { cwd: project, env, detached: true, stdio: ["pipe", "pipe", "pipe"] })
  children.add(child)
  let output = ""
  const waiting = new Set()
  const tell = () => waiting.forEach((look) => look())
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part) => {
      output += part
      tell()
    })
  const ended = new Promise((resolve) => {
    child.on("close", (code, signal) => {
      resolve(signal ?? code)
      children.delete(child)
      tell()
    })
  })
  const until = (pattern, ms) =>
    new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer)
        waiting.delete(look)
        settle(value)
      }
      const fail = (why) =>
        finish(reject, new Error(`${command.join(" ")}: ${why} before ${pattern}:\n${output}`))
      const look = () => {
        const found = pattern.exec(output)
        if (found !== null) finish(resolve, found)
        else if (!children.has(child)) fail("ended")
      }
      const timer = setTimeout(() => fail(`${ms} ms passed`), ms)
      waiting.add(look)
      look()
    })
  return { child, ended, until, write: (line) => child.stdin.write(`${line}\n`), output: () => output }
}

const within = (promise, ms, what) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })

const signalGroup = (child, signal) => {
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (error.code !== "ESRCH") throw error
  }
}

const turn = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Processes whose working folder lies in the clone. Only Linux shows that without a tool. */
function leftovers() {
  if (!existsSync("/proc/self/cwd")) return []
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(home) ? [`${pid} ${command}`] : []
      } catch {
        return [] // ended while we looked, or somebody else's
      }
    })
}

const git = (...args) => {
  const done = spawnSync("git", args, { encoding: "utf8", env: { ...process.env, GIT_TERMINAL_PROMPT: "0" } })
  if (done.status !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`)
  return done.stdout.trim()
}

async function page(url) {
  const health = await fetch(`${url}/healthz`)
  if (!health.ok) throw new Error(`/healthz answered ${health.status}`)
  const answer = await fetch(url)
  const html = await answer.text()
  if (!answer.ok || !/<script/.test(html))
    throw new Error(`the page answered ${answer.status}:\n${html.slice(0, 500)}`)
  return `${html.length} bytes`
}

async function talk() {
  const bob = launch("npm", "run", "chat", "--", "--plain", "--name", "bob")
  await bob.until(/^connection online$/m, TALK_MS)
  const alice = launch("npm", "run", "chat", "--", "--plain", "--name", "alice", "--to", "bob")
  await alice.until(/^(conversation|security) bob (YELLOW|GREEN) /m, TALK_MS)
  alice.write("good morning, bob")
  await bob.until(/^message alice (YELLOW|GREEN) good morning, bob$/m, TALK_MS)
  bob.write("good morning, alice")
  await alice.until(/^message bob (YELLOW|GREEN) good morning, alice$/m, TALK_MS)
  for (const [name, chat] of Object.entries({ alice, bob })) {
    chat.write("/quit")
    const code = await within(chat.ended, STOP_MS, `/quit of ${name}`)
    if (code !== 0) throw new Error(`${name} left with ${code}:\n${chat.output()}`)
  }
}

const suite = createRun("fresh clone")
process.on("exit", () => {
  for (const child of children) signalGroup(child, "SIGKILL")
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
})
await suite.step("clone", () => {
  mkdirSync(project, { recursive: true })
  git("clone", "--quiet", "--no-local", root, project)
})
const port = await freePort()
env.PORT = String(port)
const relay = launch("npm", "start")
let url = ""
await suite.step("npm start", async () => {
  const [found] = await relay.until(/https?:\/\/localhost:\d+/, START_MS)
  url = found
  if (!url.endsWith(`:${port}`)) throw new Error(`PORT=${port} was not taken: ${url}`)
})
await suite.step("the page answers", () => page(url))
await suite.step("two terminals chat", talk)
await suite.step("SIGTERM stops it", async () => {
  // To npm alone, as a supervisor does: npm and its shell end without passing it on.
  relay.child.kill("SIGTERM")
  await within(relay.ended, STOP_MS, "stopping")
  const deadline = Date.now() + STOP_MS
  let still = leftovers()
  for (; still.length > 0 && Date.now() < deadline; still = leftovers()) await turn(100)
  if (still.length > 0) throw new Error(`still running:\n${still.join("\n")}`)
  const answers = await fetch(url).then(
    () => true,
    () => false,
  )
  if (answers) throw new Error(`${url} still answers`)
})
await suite.step("the clone is clean", () => {
  const status = git("-C", project, "status", "--porcelain")
  if (status !== "") throw new Error(`files that git sees:\n${status}`)
})
suite.finish()
