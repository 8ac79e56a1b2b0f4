/** Arguments and environment to one plain object. Reads nothing else and opens nothing. */
import { Command, CommanderError, InvalidArgumentError } from "commander"

export interface Options {
  /** Handle to sign in with. Left out: an account reached by its account id only. */
  readonly name: string | undefined
  readonly to: string | undefined
  /** `ws://` or `wss://`; without a path the relay's own. */
  readonly relay: string
  /** Lines only: asked for, or stdout is no terminal. */
  readonly plain: boolean
  readonly color: boolean
  /** Where account, sessions and messages are kept; undefined: in memory. */
  readonly store: StoreChoice | undefined
}

interface StoreChoice {
  readonly file: string
  /** Undefined: a key in a file of its own beside it. */
  readonly passphrase: string | undefined
  /** From another chat that has it open. */
  readonly takeover: boolean
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Is stdout a terminal? */
  readonly terminal: boolean
}

export type Parsed =
  | { readonly kind: "run"; readonly options: Options }
  /** `--help` or a usage error: print and leave. */
  | { readonly kind: "leave"; readonly output: string; readonly exitCode: number }

/** As the relay takes them; the relay decides, this only spares a round trip. */
const handle = (value: string): string => {
  if (!/^[a-z0-9._-]{2,32}$/u.test(value) || value.startsWith("sc1"))
    throw new InvalidArgumentError("A name is 2 to 32 of a-z 0-9 . _ - and does not begin with sc1.")
  return value
}

const relayUrl = (value: string): string => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol !== "ws:" && url?.protocol !== "wss:")
    throw new InvalidArgumentError("A relay address looks like ws://localhost:5000 or wss://chat.example.")
  return value
}

/** `PORT` names the port of a relay on this computer, as it does for `npm start`. */
const defaultRelay = (port: string | undefined): string =>
  `ws://localhost:${port !== undefined && /^\d{1,5}$/u.test(port) ? port : "5000"}`

interface Flags {
  readonly name?: string
  readonly to?: string
  readonly relay: string
  readonly plain?: boolean
  readonly color: boolean
  readonly store?: string
  readonly takeover?: boolean
}

const storeOf = ({ store, takeover }: Flags, passphrase: string | undefined): StoreChoice | undefined =>
  store === undefined
    ? undefined
    : { file: store, passphrase: passphrase === "" ? undefined : passphrase, takeover: takeover === true }

const program = (port: string | undefined): Command =>
  new Command("securechat")
    .usage("--name alice [--to bob]")
    .description("End-to-end encrypted chat in the terminal.")
    .option(
      "-n, --name <handle>",
      "sign in as this name; without it you are reached by your account id",
      handle,
    )
    .option(
      "-t, --to <user>",
      "talk to this handle or account id (sc1…); an incoming message opens a chat too",
    )
    .option(
      "-r, --relay <url>",
      "relay to use; PORT sets the port of the default",
      relayUrl,
      defaultRelay(port),
    )
    .option(
      "-s, --store <file>",
      "keep account and messages in this file, sealed: by SECURECHAT_PASSPHRASE, else by a key in <file>.key",
    )
    .option("--takeover", "take the store from another chat that has it open")
    .option("-p, --plain", "one line per event, for pipes and screen readers; implied without a terminal")
    .option("--no-color", "no color; NO_COLOR in the environment does the same")
    .allowExcessArguments(false)
    .exitOverride()

/** @param argv arguments after the script's name. */
export const parseOptions = (argv: readonly string[], around: Surroundings): Parsed => {
  let output = ""
  const write = (text: string): void => {
    output += text
  }
  const command = program(around.env["PORT"]).configureOutput({ writeOut: write, writeErr: write })
  try {
    const flags = command.parse([...argv], { from: "user" }).opts<Flags>()
    const noColor = (around.env["NO_COLOR"] ?? "") !== ""
    const options = {
      name: flags.name,
      to: flags.to,
      relay: flags.relay,
      plain: flags.plain === true || !around.terminal,
      color: flags.color && !noColor,
      store: storeOf(flags, around.env["SECURECHAT_PASSPHRASE"]),
    }
    return { kind: "run", options }
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return { kind: "leave", output, exitCode: error.exitCode === 0 ? 0 : 2 }
  }
}
