/**
 * Row C9 from the clients' side: logs at debug level, errors and every printed form of what an app is given, during a
 * conversation in which things go wrong. And hostile names and texts through the API.
 */
import { inspect } from "node:util"
import type { Conversation, Logger } from "@securechat/core"
import { jsonLogger } from "@securechat/server"
import { canarySearch } from "@securechat/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { secretsIn } from "../../packages/core/test/support/secrets.ts"
import { mallory } from "../support/mallory.ts"
import { flipped, freshId } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

const lines: string[] = []
/** Everything that is in a value, secrets of classes and of errors included, as a careless logger would print it. */
const printed = (value: unknown): string => {
  const whole = { depth: null, maxArrayLength: null, maxStringLength: null, showHidden: true } as const
  return `${inspect(value, whole)}\n${(JSON.stringify(value) as string | undefined) ?? ""}`
}
const write = (level: string) => (message: string, context?: object) => {
  lines.push(`${level} ${message} ${context === undefined ? "" : printed(context)}`)
}
const logger: Logger = {
  ...{ debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
}

let world: World
beforeEach(async () => {
  lines.length = 0
  world = await createWorld({
    relay: { logger: jsonLogger("debug", { write: (line) => void lines.push(line) }), logAddresses: true },
  })
})
afterEach(() => world.close())

const TEXT = "canary text: nobody but Bob may read this line"
const secretsOf = (...people: readonly Person[]) =>
  people.flatMap(({ name, store, drawn }) =>
    [...secretsIn(store.written), ...drawn.map((bytes) => ({ name: "seed", bytes }))].map((canary) => ({
      name: `${name}: ${canary.name}`,
      bytes: canary.bytes,
    })),
  )
/** Byte arrays print as numbers. */
const asNumbers = (bytes: Uint8Array): string => bytes.subarray(0, 8).join(", ")

describe("what is logged, thrown and printed", () => {
  it("[C9] holds no key and no text, whatever goes wrong", async () => {
    const [alice, bob] = await Promise.all(
      ["alice", "bob"].map((name) => world.person(name, { logger, inspect: 10 })),
    )
    const toBob = await alice!.with("bob")
    bob!.chat.on("message", ({ text }) => {
      throw new Error(`cannot draw "${text ?? ""}"`)
    })
    await alice!.says(bob!, TEXT)
    await bob!.says(alice!, `${TEXT}, too`)
    // Refused in every stage: bytes that are none, forged tokens, unknown sessions, another identity.
    const old = world.evil.frames("bob", "deliver")[0]!
    const forged = [0, 1, 20, 70, old.body.length - 1].map((at) => flipped(old.body, at))
    await world.evil.feed(
      "bob",
      forged.map((body) => ({ ...old, envelopeId: freshId(), body })),
    )
    const impostor = mallory(world.evil, world.clock.nowMs)
    impostor.posesAs("bob", "alice")
    await world.evil.cut("alice")
    await alice!.until(() => toBob.security.level === "red")
    const thrown: unknown[] = []
    for (const wrong of [
      () => toBob.send(TEXT),
      () => toBob.send(`${TEXT} ${"x".repeat(70_000)}`),
      () => toBob.send({ text: TEXT, replyTo: "no id" }),
      () => toBob.retry("nothing"),
      () => alice!.chat.direct("nobody-here"),
      () => toBob.members[0]!.accept(bob!.chat.accountId),
    ])
      await wrong().catch((error: unknown) => thrown.push(error))
    expect(thrown.length).toBeGreaterThan(4)
    const seen = [
      ...lines,
      ...[...thrown, ...alice!.errors, ...bob!.errors, ...alice!.changes, ...bob!.unreadable].map(printed),
    ]
    expect(lines.some((line) => line.includes("threw"))).toBe(true)
    const texts = [{ name: "text", bytes: Buffer.from(TEXT) }]
    const search = canarySearch([...texts, ...secretsOf(alice!, bob!)])
    expect(seen.flatMap((text) => search(Buffer.from(text, "utf8")))).toEqual([])
  })

  it("[C9] shows texts to the app and keys to nobody: every public object, printed to its depth", async () => {
    const [alice, bob] = await Promise.all(
      ["alice", "bob"].map((name) => world.person(name, { logger, inspect: 10 })),
    )
    const toBob = await alice!.with("bob")
    const sent = await alice!.says(bob!, TEXT)
    await (await bob!.with("alice")).markRead()
    await toBob.waitFor(sent.id, "read")
    const of = async (person: Person, conversation: Conversation): Promise<readonly unknown[]> => [
      ...[person.chat, person.chat.getSnapshot(), conversation, conversation.members, conversation.security],
      ...[await conversation.page(), await conversation.sessions(), conversation.receipts],
      ...[await conversation.inspect(sent.id), await conversation.members[0]!.safetyNumber()],
      ...[person.messages, person.updates, person.receipts, person.changes],
    ]
    const objects = [...(await of(alice!, toBob)), ...(await of(bob!, await bob!.with("alice")))]
    const text = objects.map(printed).join("\n")
    expect(text).toContain(TEXT)
    const keys = secretsOf(alice!, bob!)
    expect(canarySearch(keys)(Buffer.from(text))).toEqual([])
    expect(keys.filter(({ bytes }) => text.includes(asNumbers(bytes))).map(({ name }) => name)).toEqual([])
  })
})

/** Each once hurt somebody: prototypes, bidi overrides, terminal escapes, markup, nothing at all. */
const NASTY = [
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "",
    " ",
    "\0",
    "a\0b",
    "\u202Egnp.exe",
    "\u200B",
  ],
  ...[
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "../../etc/passwd",
    "CON",
    "\u001B[2J\u001B]0;x\u0007",
  ],
  ...[
    "e\u0301",
    "\u00E9",
    "\u{1F468}\u200D\u{1F469}\u200D\u{1F467}",
    "\uFEFFbom",
    "%00",
    "' OR 1=1 --",
    "{{7*7}}",
  ],
]

describe("hostile names and texts", () => {
  it("[C1] [C4] are refused as handles, and leave prototypes as they were", async () => {
    const alice = await world.person("alice")
    const before = Object.getOwnPropertyNames(Object.prototype).join()
    const long = ["a".repeat(33), "a".repeat(100_000), `sc1${"a".repeat(32)}`, `sc1${"a".repeat(31)}`]
    for (const name of [...NASTY, ...long])
      await expect(alice.with(name), JSON.stringify(name)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_(CONFIG_INVALID|USER_NOT_FOUND)$/),
      })
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before)
    expect(alice.chat.getSnapshot().conversations).toEqual([])
  })

  it("[C4] arrive as texts just as they were sent, and half a character is refused before it leaves", async () => {
    const [alice, bob] = await world.pair()
    const toBob = await alice.with(bob)
    for (const text of NASTY) await toBob.send(text)
    await bob.until(() => bob.texts.length === 1 + NASTY.length)
    expect(bob.texts.slice(1)).toEqual(NASTY)
    for (const half of ["\uD800", "a\uDC00b"])
      await expect(toBob.send(half)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    const { items } = await (await bob.with(alice)).page({ limit: 100 })
    expect(items.flatMap((item) => ("text" in item ? [item.text] : []))).toEqual(
      expect.arrayContaining(NASTY),
    )
  })
})
