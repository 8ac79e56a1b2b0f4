/** The terminal chat: `npm run chat -- --name alice`. Reads the command line, picks a view, sets the exit code. */
import process from "node:process"
import { type ChatOptions, SecureChat, SecureChatError } from "@securechat/core"
import { webSocket } from "@securechat/transport-ws"
import { connect } from "./connect.ts"
import { EXIT, adviceFor } from "./exits.ts"
import { type Options, parseOptions } from "./options.ts"
import { plainShow, runPlain } from "./plain.ts"
import { Talk } from "./talk.ts"
import { viewStore } from "./view-store.ts"

/** Encrypted forms kept for `/encrypted`, per conversation. */
const KEPT_FORMS = 50
/** How long leaving the screen waits for the relay to take the last words; Ctrl-C ends the wait. */
const LAST_WORDS_MS = 5_000

const talkPlainly = async (chat: SecureChat, options: Options, signal: AbortSignal): Promise<number> => {
  const show = plainShow(process.stdout)
  const talk = new Talk({ chat, where: options.relay, show })
  await connect(chat, { signal })
  show({ kind: "account", name: chat.user, accountId: chat.accountId })
  const trouble = options.to === undefined ? EXIT.fine : await talk.open(options.to)
  if (trouble !== EXIT.fine) return trouble
  return runPlain({ talk, input: process.stdin, signal })
}

const talkOnScreen = async (chat: SecureChat, options: Options, signal: AbortSignal): Promise<number> => {
  const view = viewStore()
  const talk = new Talk({ chat, where: options.relay, show: view.show })
  await connect(chat, { signal })
  view.show({ kind: "account", name: chat.user, accountId: chat.accountId })
  view.show({ kind: "info", text: "/help lists the commands, Ctrl-C leaves." })
  if (options.to !== undefined) await talk.open(options.to)
  // React reads this once, on import: its development build keeps a record of each render.
  process.env["NODE_ENV"] ??= "production"
  const { runScreen } = await import("./screen.ts")
  await runScreen({ view, talk, color: options.color, signal })
  await talk
    .flushed({ signal: AbortSignal.any([signal, AbortSignal.timeout(LAST_WORDS_MS)]) })
    .catch(() => undefined)
  return EXIT.fine
}

/** Aborted by Ctrl-C, by a polite end of the process, or by the end of its reader: leave cleanly, with 0. */
const untilStopped = (): AbortSignal => {
  const stop = new AbortController()
  // Whoever read the pipe has gone: `… | head -1`.
  process.stdout.on("error", () => {
    stop.abort()
  })
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      stop.abort()
    })
  }
  return stop.signal
}

/** Loaded only where it is asked for: a chat in memory needs no SQLite. */
const storeFor = async ({ store }: Options): Promise<Pick<ChatOptions, "store" | "storeKey" | "tabs">> => {
  if (store === undefined) return {}
  const { fileKey, sqliteStore } = await import("@securechat/core/store/sqlite")
  return {
    store: sqliteStore(store.file),
    storeKey: store.passphrase ?? fileKey(`${store.file}.key`),
    tabs: store.takeover ? "takeover" : "refuse",
  }
}

const chatWith = async (options: Options): Promise<number> => {
  const lost = new AbortController()
  const signal = AbortSignal.any([untilStopped(), lost.signal])
  const chat = new SecureChat({
    user: options.name,
    transport: webSocket(options.relay),
    inspect: KEPT_FORMS,
    ...(await storeFor(options)),
  })
  // The store is another chat's now, and this one has ended.
  chat.on("error", (error) => {
    if (SecureChatError.is(error, "ERR_OTHER_TAB")) lost.abort()
  })
  try {
    const exitCode = await (options.plain ? talkPlainly : talkOnScreen)(chat, options, signal)
    return lost.signal.aborted ? EXIT.noStore : exitCode
  } catch (error) {
    if (signal.aborted) return lost.signal.aborted ? EXIT.noStore : EXIT.fine
    const { exitCode, text } = adviceFor(error, options.relay)
    process.stderr.write(`securechat: ${text}\n`)
    return exitCode
  } finally {
    await chat.close()
  }
}

const main = async (): Promise<number> => {
  const parsed = parseOptions(process.argv.slice(2), { env: process.env, terminal: process.stdout.isTTY })
  if (parsed.kind === "run") return chatWith(parsed.options)
  const stream = parsed.exitCode === 0 ? process.stdout : process.stderr
  stream.write(parsed.output)
  return parsed.exitCode
}

process.exitCode = await main()
