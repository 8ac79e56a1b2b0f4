// `npm start`: the web app and the relay on one port, straight from the sources.
import { spawn } from "node:child_process"
import { buildWeb, webDist } from "./build-web.mjs"
import { CommandFailed } from "./steps.mjs"

const port = Number(process.env.PORT || 5000)
const noOpen = process.argv.includes("--no-open")

function leave(...lines) {
  for (const line of lines) console.error(line)
  process.exit(1)
}

/** Only for someone who sits in front of a screen; a failure to open is no error. */
function openBrowser(url) {
  const display = process.platform !== "linux" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  if (noOpen || process.env.CI || process.env.SSH_CONNECTION || !process.stdout.isTTY || !display) return
  const [program, ...args] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform] ?? [
    "xdg-open",
  ]
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true })
  child.on("error", () => {})
  child.unref()
}

if (!Number.isInteger(port) || port < 0 || port > 65535)
  leave(`PORT=${process.env.PORT} is not a port (0 to 65535).`)

// A signal may come while the app is still being built.
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => stop.abort())

try {
  await buildWeb()
} catch (error) {
  if (stop.signal.aborted) process.exit(0)
  leave("The web app could not be built.", error instanceof CommandFailed ? error.output : error)
}
if (stop.signal.aborted) process.exit(0)

const { createRelay, jsonLogger } = await import("@securechat/server")
const relay = createRelay({ port, app: webDist, logger: jsonLogger("warn") })
let place
try {
  place = await relay.listen()
} catch (error) {
  const code = error?.code === "EADDRINUSE" ? error.code : error?.cause?.code
  if (code !== "EADDRINUSE") throw error
  const airplay =
    process.platform === "darwin" && port === 5000 ? " (on macOS often by AirPlay Receiver)" : ""
  leave(`Port ${port} is taken${airplay}. Choose another one:`, "", `  PORT=${port + 1} npm start`)
}

const url = `http://localhost:${place.port}`
console.log(`\n  SecureChat is ready: ${url}\n\n  Ctrl-C stops it.`)
openBrowser(url)

const close = async () => {
  await relay.close({ drainMs: 1_000 })
  process.exit(0)
}
if (stop.signal.aborted) await close()
else stop.signal.addEventListener("abort", () => void close())
