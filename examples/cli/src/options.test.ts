import { describe, expect, it } from "vitest"
import { type Options, type Surroundings, parseOptions } from "./options.ts"

const TERMINAL: Surroundings = { env: {}, terminal: true }

const options = (argv: string[], around: Surroundings = TERMINAL): Options => {
  const parsed = parseOptions(argv, around)
  if (parsed.kind !== "run") throw new Error(parsed.output)
  return parsed.options
}
const refusal = (argv: string[]): string => {
  const parsed = parseOptions(argv, TERMINAL)
  if (parsed.kind !== "leave" || parsed.exitCode !== 2) throw new Error("was taken")
  return parsed.output
}

describe("parseOptions", () => {
  it("needs nothing but a name", () => {
    const taken = { name: "alice", to: undefined, relay: "ws://localhost:5000", plain: false, color: true }
    expect(options(["--name", "alice"])).toEqual({ ...taken, store: undefined })
  })
  it("keeps a store where it is named, under a passphrase where the environment has one", () => {
    const store = { file: "a.db", passphrase: undefined, takeover: false }
    expect(options(["--store", "a.db"]).store).toEqual(store)
    const around = { env: { SECURECHAT_PASSPHRASE: "correct horse" }, terminal: true }
    const taken = options(["--store", "a.db", "--takeover"], around).store
    expect(taken).toEqual({ file: "a.db", passphrase: "correct horse", takeover: true })
  })
  it("takes the port of a local relay from PORT, and an address above it", () => {
    expect(options([], { env: { PORT: "6001" }, terminal: true }).relay).toBe("ws://localhost:6001")
    const around = { env: { PORT: "6001" }, terminal: true }
    expect(options(["--relay", "wss://chat.example"], around).relay).toBe("wss://chat.example")
    expect(options([], { env: { PORT: "x; rm" }, terminal: true }).relay).toBe("ws://localhost:5000")
  })
  it("is plain when asked to be, and without a terminal", () => {
    expect(options(["--plain"]).plain).toBe(true)
    expect(options([], { env: {}, terminal: false }).plain).toBe(true)
  })
  it("has no color with NO_COLOR or --no-color; an empty NO_COLOR means nothing", () => {
    expect(options([], { env: { NO_COLOR: "1" }, terminal: true }).color).toBe(false)
    expect(options(["--no-color"]).color).toBe(false)
    expect(options([], { env: { NO_COLOR: "" }, terminal: true }).color).toBe(true)
  })
  it("refuses a name no relay would take, and says what one looks like", () => {
    for (const name of ["A", "a", "Alice", "al ice", "sc1abc", "a".repeat(33)])
      expect(refusal(["--name", name])).toContain("2 to 32 of a-z 0-9 . _ -")
  })
  it("refuses an address that is no WebSocket", () => {
    for (const url of ["localhost:5000", "http://localhost:5000", "nonsense"])
      expect(refusal(["--relay", url])).toContain("ws://localhost:5000")
  })
  it("refuses unknown options and stray words", () => {
    expect(refusal(["--nmae", "alice"])).toContain("unknown option")
    expect(refusal(["alice"])).toContain("too many arguments")
  })
  it("prints help and leaves with 0", () => {
    const parsed = parseOptions(["--help"], TERMINAL)
    expect(parsed).toMatchObject({ kind: "leave", exitCode: 0 })
    expect(parsed.kind === "leave" && parsed.output).toContain("--name <handle>")
  })
})
