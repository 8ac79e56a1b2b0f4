// The packed tarballs in an empty folder, as a user installs them: plain Node, a browser bundle, and one message each.
// Both platforms of `#primitives` are loaded: Node takes the `node` condition, the bundle takes `default`, and what one
// encrypts the other opens.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "esbuild"
import { tarballs } from "./pack.mjs"
import { manifest, published } from "./projects.mjs"
import { run } from "./steps.mjs"

const folder = mkdtempSync(join(tmpdir(), "securechat-smoke-"))
const write = (name, text) => writeFileSync(join(folder, name), text)

/** Every package from its tarball, none from the registry, whatever the versions say. */
async function install() {
  const files = Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`]))
  write(
    "package.json",
    JSON.stringify({ private: true, type: "module", dependencies: files, overrides: files }),
  )
  await run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], {
    cwd: folder,
  })
}

/** Each entry of `exports` loads, and does nothing but load. */
function everyEntry() {
  const names = published.flatMap((path) => {
    const { name, exports } = manifest(path)
    return Object.keys(exports)
      .filter((key) => key !== "./package.json")
      .map((key) => join(name, key))
  })
  write(
    "entries.mjs",
    names.map((name) => `await import(${JSON.stringify(name)})\n`).join("") +
      `console.log("${names.length} entries load")\n`,
  )
}

const FERNET = `
import { Fernet } from "@securechat/core/fernet"
const key = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
const [, , given] = globalThis.process?.argv ?? []
const text = new TextDecoder()
const plain = (x) => (typeof x === "string" ? x : text.decode(x))
if (given) console.log(plain(new Fernet(key).decrypt(given)))
else console.log(plain(new Fernet(key).encrypt("hello, tarball")))
`
const CHANNEL = `
import { memoryPipe, SecureChannel } from "@securechat/core"
const [left, right] = memoryPipe()
const [alice, bob] = await Promise.all([SecureChannel.open({ pipe: left }), SecureChannel.open({ pipe: right })])
const arrived = new Promise((resolve) => bob.on("message", resolve))
await alice.send("hello, channel")
const { data, text } = await arrived
await Promise.all([alice.close(), bob.close()])
console.log(text ?? new TextDecoder().decode(data))
`

const OVER_BOTH = `
import { SecureChat } from "@securechat/core"
import { createRelay } from "@securechat/server"
import { socketIo } from "@securechat/transport-socketio"
import { webSocket } from "@securechat/transport-ws"
const quiet = () => undefined
const relay = createRelay({ port: 0, logger: { debug: quiet, info: quiet, warn: quiet, error: quiet } })
const { url } = await relay.listen()
const alice = await SecureChat.open({ user: "alice", transport: socketIo(url) })
const bob = await SecureChat.open({ user: "bob", transport: webSocket(url) })
await Promise.all([alice.whenOnline(), bob.whenOnline()])
const arrived = new Promise((resolve) => bob.on("message", resolve))
await (await alice.direct("bob")).send("hello, relay")
console.log((await arrived).text)
await Promise.all([alice.close(), bob.close()])
await relay.close({ drainMs: 0 })
`
const IN_BROWSER = `
import { socketIo } from "@securechat/transport-socketio"
import { webSocket } from "@securechat/transport-ws"
console.log(socketIo("https://chat.example").origin, webSocket("https://chat.example").origin)
`

async function bundle(name) {
  const outfile = join(folder, `${name}.browser.mjs`)
  const result = await build({
    absWorkingDir: folder,
    entryPoints: [join(folder, `${name}.mjs`)],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    outfile,
  })
  const inputs = Object.keys(result.metafile.inputs)
  if (inputs.some((input) => input.includes("index.node")))
    throw new Error("the browser bundle took the Node primitives")
  if (/["']node:/.test(readFileSync(outfile, "utf8")))
    throw new Error("the browser bundle asks for a Node module")
  return outfile
}

const expectLine = (output, line) => {
  if (output.trim() !== line) throw new Error(`expected "${line}", got "${output.trim()}"`)
}

async function fernet() {
  write("fernet.mjs", FERNET)
  const browser = await bundle("fernet")
  const fromNode = (await run(["node", "fernet.mjs"], { cwd: folder })).trim()
  const fromBrowser = (await run(["node", browser], { cwd: folder })).trim()
  expectLine(await run(["node", browser, fromNode], { cwd: folder }), "hello, tarball")
  expectLine(await run(["node", "fernet.mjs", fromBrowser], { cwd: folder }), "hello, tarball")
}

async function channel() {
  write("channel.mjs", CHANNEL)
  expectLine(await run(["node", "channel.mjs"], { cwd: folder }), "hello, channel")
  expectLine(await run(["node", await bundle("channel")], { cwd: folder }), "hello, channel")
}

async function transports() {
  write("transports.mjs", OVER_BOTH)
  expectLine(await run(["node", "transports.mjs"], { cwd: folder }), "hello, relay")
  write("in-browser.mjs", IN_BROWSER)
  const origin = "https://chat.example"
  expectLine(await run(["node", await bundle("in-browser")], { cwd: folder }), `${origin} ${origin}`)
}

async function command() {
  const help = await run(["node", join(folder, "node_modules/.bin/securechat-relay"), "--help"], {
    cwd: folder,
  })
  if (!/--port/.test(help)) throw new Error(`securechat-relay --help does not name --port:\n${help}`)
}

/** The source condition belongs to this workspace; an installed package still has to carry what it points at. */
function sourcesArePacked() {
  for (const path of published) {
    const { name, exports } = manifest(path)
    const files = Object.values(exports).flatMap((entry) =>
      typeof entry === "string" ? [entry] : Object.values(entry),
    )
    const missing = files.filter((file) => !existsSync(join(folder, "node_modules", name, file)))
    if (missing.length > 0) throw new Error(`${name} does not pack ${missing.join(", ")}`)
  }
}

try {
  await install()
  sourcesArePacked()
  everyEntry()
  console.log((await run(["node", "entries.mjs"], { cwd: folder })).trim())
  await fernet()
  console.log("one Fernet token each way between Node and a browser bundle")
  await channel()
  console.log("one message over memoryPipe, in Node and in a browser bundle")
  await transports()
  console.log("one message from Socket.IO to WebSocket through a relay; both clients bundle for browsers")
  await command()
  console.log("securechat-relay --help")
} finally {
  rmSync(folder, { recursive: true, force: true })
}
