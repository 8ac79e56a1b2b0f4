/** The terminal chat with a store: what it keeps, who may open it, what lies in its files. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { silentLogger } from "@securechat/core/transport"
import { type Relay, createRelay } from "@securechat/server"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type ChatProcess, killAll, startPlain } from "./process.ts"

vi.setConfig({ testTimeout: 90_000 })

let relay: Relay
let url: string
let folder: string
const start = (...args: readonly string[]): ChatProcess => startPlain(["--relay", url, ...args])
const alice = (...args: readonly string[]): ChatProcess =>
  start("--name", "alice", "--to", "bob", "--store", join(folder, "alice.db"), ...args)

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "securechat-terminal-"))
  relay = createRelay({ port: 0, logger: silentLogger })
  url = `ws://localhost:${(await relay.listen()).port}`
})
afterEach(async () => {
  killAll()
  await relay.close()
  rmSync(folder, { recursive: true, force: true })
})

const quit = async (chat: ChatProcess): Promise<void> => {
  chat.type("/quit\n")
  expect(await chat.ended).toBe(0)
}

describe("the terminal chat with a store", () => {
  it("is the same account the next time, and shows what was said", async () => {
    const bob = start("--name", "bob")
    await bob.until(/^connection online$/m)
    const first = alice()
    const [account] = await first.until(/^account alice sc1[a-z2-7]{32}$/m)
    await first.until(/^conversation bob YELLOW unverified$/m)
    first.type("a canary called Xanthippe\n")
    await bob.until(/^message alice YELLOW a canary called Xanthippe$/m)
    bob.type("and an answer\n")
    await first.until(/^message bob YELLOW and an answer$/m)
    await quit(first)

    const second = alice()
    await second.until(new RegExp(`^${account}$`, "m"))
    await second.until(/^past bob out a canary called Xanthippe\npast bob in and an answer$/m)
    second.type("here again\n")
    await bob.until(/^message alice YELLOW here again$/m)
    await quit(second)
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
      expect(readFileSync(join(folder, name)).includes("Xanthippe"), name).toBe(false)
    }
  })

  it("leaves the store to who has it, and takes it on your word", async () => {
    const bob = start("--name", "bob")
    await bob.until(/^connection online$/m)
    const first = alice()
    await first.until(/^conversation bob YELLOW unverified$/m)
    const second = alice()
    expect(await second.ended).toBe(7)
    expect(second.errors()).toContain("Another chat has this store.")
    const third = alice("--takeover")
    await third.until(/^conversation bob YELLOW unverified$/m)
    first.type("too late\n")
    expect(await first.ended).toBe(7)
    third.type("still alice\n")
    await bob.until(/^message alice YELLOW still alice$/m)
    expect(bob.output()).not.toContain("too late")
    await quit(third)
  })
})
