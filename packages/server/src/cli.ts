/** `securechat-relay` as options: what a person types to what `createRelay` takes. */
import { readFileSync } from "node:fs"
import { SecureChatError } from "@securechat/core/errors"
import { Command, InvalidArgumentError, Option } from "commander"
import type { RelayOptions } from "./config.ts"
import type { TlsFiles } from "./http/server.ts"
import type { LogLevel } from "./observe/log.ts"

export interface CommandLine {
  readonly options: RelayOptions
  readonly logLevel: LogLevel
  readonly drainMs: number
  /** Files of `--tls-key` and `--tls-cert`, read again on SIGHUP. */
  readonly readTls: (() => TlsFiles) | undefined
}

const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("A whole number.")
  return Number(text)
}
const collected = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
]

const mailboxOf = (text: string): RelayOptions["mailbox"] => {
  if (text === "memory") return text
  if (text.startsWith("sqlite:") && text.length > "sqlite:".length)
    return { sqlite: text.slice("sqlite:".length) }
  if (/^(rediss?|unix):\/\//.test(text)) return { redis: text }
  throw new InvalidArgumentError("memory, sqlite:<file> or redis://…")
}

interface Given {
  readonly port: number
  readonly mailbox: RelayOptions["mailbox"]
  readonly durability: "process" | "power"
  readonly allowVolatile?: true
  readonly host: string
  readonly origin?: readonly string[]
  readonly cors?: readonly string[]
  readonly tlsKey?: string
  readonly tlsCert?: string
  readonly behindProxy?: true | readonly string[]
  readonly polling?: true
  readonly app?: string
  readonly metrics?: true
  readonly metricsToken?: string
  readonly logLevel: LogLevel
  readonly logAddresses?: true
  readonly drain: number
}

const program = (): Command =>
  new Command("securechat-relay")
    .description(
      "A relay for SecureChat. It introduces devices and keeps ciphertext until it is fetched; it can read none of it.",
    )
    .option("--port <number>", "port to listen on, 0 for a free one", wholeNumber, 5000)
    .option(
      "--host <address>",
      "address to listen on; another than loopback needs TLS or --behind-proxy",
      "127.0.0.1",
    )
    .option(
      "--origin <origin>",
      "origin that clients dial, e.g. https://chat.example; may be repeated",
      collected,
    )
    .addOption(
      new Option("--mailbox <where>", "memory, sqlite:<file> for one relay, redis://… for several")
        .default("memory")
        .env("SECURECHAT_MAILBOX")
        .argParser(mailboxOf),
    )
    .addOption(
      new Option("--durability <against>", "SQLite: survive a killed process, or a power cut too")
        .choices(["process", "power"])
        .default("process"),
    )
    .option("--allow-volatile", "be ready on a Redis that forgets: appendonly off, or eviction on")
    .option("--cors <origin>", "foreign page that may connect; may be repeated", collected)
    .option("--tls-key <file>", "private key in PEM; read again on SIGHUP")
    .option("--tls-cert <file>", "certificate chain in PEM")
    .option("--behind-proxy [address...]", "a proxy ends TLS; its addresses, default loopback")
    .option("--polling", "Socket.IO over plain requests too, where networks let no WebSocket through")
    .option("--app <folder>", "built web app to serve at /")
    .option("--metrics", "serve /metrics to this computer, or to whoever has the token")
    .addOption(
      new Option("--metrics-token <token>", "bearer token for /metrics").env("SECURECHAT_METRICS_TOKEN"),
    )
    .addOption(
      new Option("--log-level <level>", "lines on standard output")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    )
    .option("--log-addresses", "write client addresses into the log")
    .option("--drain <ms>", "time to move clients away on SIGINT or SIGTERM", wholeNumber, 20_000)
    .addHelpText("after", "\nIn memory nothing outlives the process. A second signal ends at once.")

const tlsReader = ({ tlsKey, tlsCert }: Given): (() => TlsFiles) | undefined => {
  if (tlsKey === undefined && tlsCert === undefined) return undefined
  if (tlsKey === undefined || tlsCert === undefined)
    throw new SecureChatError("ERR_CONFIG_INVALID", "--tls-key and --tls-cert belong together")
  return () => ({ key: readFileSync(tlsKey), cert: readFileSync(tlsCert) })
}

const metricsOf = ({ metrics, metricsToken }: Given): RelayOptions["metrics"] => {
  if (metrics === undefined && metricsToken === undefined) return undefined
  return metricsToken === undefined ? { prometheus: true } : { prometheus: true, token: metricsToken }
}

/** @throws ERR_CONFIG_INVALID; commander itself answers `--help` and what it does not know. */
export const readCommandLine = (argv: readonly string[]): CommandLine => {
  const given = program().parse(argv, { from: "user" }).opts<Given>()
  const readTls = tlsReader(given)
  const {
    port,
    host,
    mailbox,
    durability,
    allowVolatile,
    origin,
    cors,
    behindProxy,
    polling,
    app,
    logAddresses,
  } = given
  const options: RelayOptions = {
    port,
    host,
    mailbox,
    durability,
    allowVolatile,
    origins: origin,
    cors: cors === undefined ? undefined : { origins: cors },
    tls: readTls?.(),
    behindProxy: typeof behindProxy === "object" ? { trust: behindProxy } : behindProxy,
    polling,
    app,
    metrics: metricsOf(given),
    logAddresses,
  }
  return { options, logLevel: given.logLevel, drainMs: given.drain, readTls }
}
