import { stripVTControlCharacters } from "node:util"
import { type Conversation, SecureChat } from "@securechat/core"
import { silentLogger } from "@securechat/core/transport"
import { type Relay, createRelay } from "@securechat/server"
import { webSocket } from "@securechat/transport-ws"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type ChatProcess, type ScreenSize, killAll, python, startScreen } from "./process.ts"

vi.setConfig({ testTimeout: 60_000 })

const ESC = String.fromCharCode(0x1b)
const CTRL_C = String.fromCharCode(0x03)
const WIDE: ScreenSize = { columns: 100, rows: 40 }
/** Select Graphic Rendition with a color in it, foreground or background. */
const COLOR = new RegExp(`${ESC}\\[(?:\\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]`, "u")

let relay: Relay
let url: string
let bob: SecureChat

beforeEach(async () => {
  relay = createRelay({ port: 0, logger: silentLogger })
  url = `ws://localhost:${(await relay.listen()).port}`
  bob = await SecureChat.open({ user: "bob", transport: webSocket(url) })
  await bob.whenOnline()
})
afterEach(async () => {
  killAll()
  await bob.close()
  await relay.close()
})

const startAlice = (size: ScreenSize = WIDE, env: Readonly<Record<string, string>> = {}): ChatProcess =>
  startScreen(["--relay", url, "--name", "alice", "--to", "bob"], size, env)

/** The terminal is in raw mode, with pasting told apart: from now on keys go to the chat and are not echoed. */
const READY = new RegExp(`${ESC}\\[\\?2004h`, "u")

/** The conversation that Alice's first message opens at Bob's: from then on both have keys. */
const opened = (): Promise<Conversation> =>
  new Promise((resolve) => {
    bob.on("conversation", resolve, { once: true })
  })

describe.skipIf(python === "")("the terminal chat on a screen", () => {
  it("shows connection, level as word and color, and the conversation", async () => {
    const answered = opened()
    const alice = startAlice()
    await alice.until(/● YELLOW not verified/)
    await alice.until(READY)
    expect(alice.output()).toContain(`${ESC}[33m`)
    alice.type("good morning\r")
    const conversation = await answered
    await conversation.send("good evening")
    await alice.until(/good evening/)
    // Receipts go to people one has answered.
    await alice.until(/✓✓ (delivered|read)/)
    const text = stripVTControlCharacters(alice.output())
    expect(text).toMatch(/● YELLOW not verified · bob · online/)
    expect(text).toMatch(/you {2}good morning/)
    expect(text).toMatch(/bob {2}good evening/)
    alice.type("/quit\r")
    expect(await alice.ended).toBe(0)
  })

  it("shows the safety number and its code, and turns green when they match", async () => {
    const answered = opened()
    const alice = startAlice()
    await alice.until(READY)
    alice.type("hello\r")
    const conversation = await answered
    alice.type("/verify\r")
    await alice.until(/██ ▄▄▄▄▄ █/u)
    const number = await conversation.members[0]!.safetyNumber()
    const text = stripVTControlCharacters(alice.output())
    for (const group of number.groups) expect(text).toContain(group)
    alice.type("/match\r")
    await alice.until(/● GREEN verified/)
    expect(alice.output()).toContain(`${ESC}[32m`)
  })

  it("uses no color with NO_COLOR, and still says the level", async () => {
    const alice = startAlice(WIDE, { NO_COLOR: "1" })
    await alice.until(/● YELLOW not verified/)
    await alice.until(READY)
    alice.type("/verify\r")
    await alice.until(/Safety number with bob/)
    expect(alice.output()).not.toMatch(COLOR)
  })

  it("draws no line wider than a narrow terminal, the level first", async () => {
    const answered = opened()
    const narrow = { columns: 32, rows: 20 }
    const alice = startAlice(narrow)
    await alice.until(/● YELLOW not verified/)
    await alice.until(READY)
    alice.type("a message that is a good deal longer than this terminal is wide\r")
    await (await answered).send("and so is the answer, which has to be broken over several lines")
    await alice.until(/several/)
    alice.type("/verify\r")
    await alice.until(/The code needs/)
    const lines = stripVTControlCharacters(alice.output()).split(/\r?\n/u)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(narrow.columns)
  })

  it("leaves with 0 on Ctrl-C, gives the cursor back, and its name is free at once", async () => {
    const alice = startAlice()
    await alice.until(READY)
    alice.type(CTRL_C)
    expect(await alice.ended).toBe(0)
    expect(alice.output().lastIndexOf(`${ESC}[?25h`)).toBeGreaterThan(
      alice.output().lastIndexOf(`${ESC}[?25l`),
    )
    await using again = await SecureChat.open({ user: "alice", transport: webSocket(url) })
    await again.whenOnline()
    expect(again.connection).toBe("online")
  })
})
