import { SecureChat } from "@securechat/core"
import { silentLogger } from "@securechat/core/transport"
import { type Relay, createRelay } from "@securechat/server"
import { webSocket } from "@securechat/transport-ws"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type ChatProcess, killAll, startPlain } from "./process.ts"

vi.setConfig({ testTimeout: 60_000 })

let relay: Relay
let url: string
const start = (...args: readonly string[]): ChatProcess => startPlain(["--relay", url, ...args])

beforeEach(async () => {
  relay = createRelay({ port: 0, logger: silentLogger })
  url = `ws://localhost:${(await relay.listen()).port}`
})
afterEach(async () => {
  killAll()
  await relay.close()
})

describe("two terminal chats over pipes", () => {
  it("talk, compare keys and turn green", async () => {
    const bob = start("--name", "bob")
    await bob.until(/^account bob sc1[a-z2-7]{32}$/m)
    const alice = start("--name", "alice", "--to", "bob")
    await alice.until(/^conversation bob YELLOW unverified$/m)

    alice.type("good morning\n")
    await bob.until(/^conversation alice YELLOW unverified\nmessage alice YELLOW good morning$/m)
    await alice.until(/^said bob 1 good morning$/m)
    await alice.until(/^delivery bob 1 (delivered|read)$/m)
    bob.type("good evening\n")
    await alice.until(/^message bob YELLOW good evening$/m)

    alice.type("/verify\n")
    bob.type("/verify\n")
    const [, seenByAlice] = await alice.until(/^number bob ((?:\d{5} ?){12})$/m)
    const [, seenByBob] = await bob.until(/^number alice ((?:\d{5} ?){12})$/m)
    expect(seenByAlice).toBe(seenByBob)
    alice.type("/match\n")
    await alice.until(/^security bob GREEN verified$/m)
    bob.type("/match\n/status\n")
    await bob.until(/^security alice GREEN verified$/m)
    await bob.until(/^info Encrypted\. You compared keys with alice\.$/m)

    alice.type("/encrypted\n/quit\n")
    await alice.until(/^encrypted \d+ bytes for \d+: .* token gAAAAA[\w=-]+$/m)
    bob.type("/quit\n")
    expect(await alice.ended).toBe(0)
    expect(await bob.ended).toBe(0)
    expect(alice.errors() + bob.errors()).toBe("")
  })

  it("say that the numbers differ, and then send nothing", async () => {
    const bob = start("--name", "bob")
    await bob.until(/^connection online$/m)
    const alice = start("--name", "alice", "--to", "bob")
    alice.type("/verify\n/nomatch\nsecret\n")
    await alice.until(/^security bob RED sas-mismatch$/m)
    await alice.until(/^error ERR_NOT_SECURE Not sent\. The codes did not match\./m)
    alice.type("/reset\n")
    await alice.until(/^security bob (RED (?!sas)|YELLOW)/m)
    alice.type("/quit\n")
    expect(await alice.ended).toBe(0)
    expect(bob.output()).not.toContain("secret")
  })
})

describe("the terminal chat over pipes", () => {
  it("ends with its input, once what was said has arrived", async () => {
    const bob = start("--name", "bob")
    await bob.until(/^connection online$/m)
    const alice = start("--name", "alice", "--to", "bob")
    alice.type("one\ntwo\nthree")
    alice.end()
    expect(await alice.ended).toBe(0)
    await bob.until(/^message alice YELLOW one\nmessage alice YELLOW two\nmessage alice YELLOW three$/m)
  })

  it("draws hostile text on one harmless line", async () => {
    const bob = start("--name", "bob")
    await bob.until(/^connection online$/m)
    await using alice = await SecureChat.open({ user: "alice", transport: webSocket(url) })
    const conversation = await alice.direct("bob")
    const hostile = "\u001b]0;pwned\u0007\u001b[2J\u202egnp.exe\nmessage carol GREEN forged\r\u009b31mred"
    await conversation.send(hostile)
    await conversation.send("done")
    await bob.until(/^message alice YELLOW done$/m)
    expect(bob.output()).toContain("\nmessage alice YELLOW gnp.exe ⏎ message carol GREEN forged ⏎ red\n")
    expect(bob.output()).not.toMatch(/^message carol/m)
    expect(bob.output()).not.toContain("\u001b")
  })

  it("goes red when another identity takes a name, and on after a person accepted it", async () => {
    const bob = start("--name", "bob")
    await bob.until(/^connection online$/m)
    const first = start("--name", "alice", "--to", "bob")
    first.type("it is me\n")
    await bob.until(/^message alice YELLOW it is me$/m)
    first.type("/quit\n")
    expect(await first.ended).toBe(0)

    const second = start("--name", "alice", "--to", "bob")
    second.type("it is still me\n")
    await bob.until(/^security alice RED identity-changed$/m)
    bob.type("to whom?\n")
    await bob.until(/^error ERR_NOT_SECURE Not sent\. The key of alice changed/m)
    expect(bob.output()).not.toContain("it is still me")
    bob.type("/accept\n")
    await bob.until(/^security alice YELLOW change-accepted$/m)
    await bob.until(/^message alice \w+ it is still me$/m)
    bob.type("welcome back\n")
    await second.until(/^message bob YELLOW welcome back$/m)
    expect(second.output()).not.toContain("to whom?")
  })

  it("says what to do when no relay runs, and leaves with 3", async () => {
    await relay.close()
    const alice = start("--name", "alice")
    expect(await alice.ended).toBe(3)
    expect(alice.errors()).toContain(`No relay answers at ${url}. Start it with "npm start"`)
  })

  it("leaves with 4 when nobody has the peer's name", async () => {
    const alice = start("--name", "alice", "--to", "nobody")
    expect(await alice.ended).toBe(4)
    expect(alice.output()).toMatch(/^error ERR_USER_NOT_FOUND /m)
  })

  it("leaves with 5 when its name is taken", async () => {
    const first = start("--name", "alice")
    await first.until(/^connection online$/m)
    const second = start("--name", "alice")
    expect(await second.ended).toBe(5)
    expect(second.errors()).toContain("Take another --name.")
  })

  it("leaves with 2 and the usage on options it does not know", async () => {
    const alice = start("--nmae", "alice")
    expect(await alice.ended).toBe(2)
    expect(alice.errors()).toContain("unknown option")
  })

  it.each(["SIGINT", "SIGTERM"] as const)(
    "leaves with 0 on %s, and its name is free at once",
    async (name) => {
      const first = start("--name", "alice")
      await first.until(/^connection online$/m)
      first.signal(name)
      expect(await first.ended).toBe(0)
      const second = start("--name", "alice")
      await second.until(/^account alice /m)
    },
  )
})
