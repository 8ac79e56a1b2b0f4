/**
 * Every write into a store and every frame to the relay is a numbered step of a story in which two people meet, write,
 * confirm, publish keys, and have one message encrypted again. One of them dies before each step in turn and comes back
 * on its store: everything that was promised is kept once and was shown at most once (a death between the store and the
 * event leaves it to the page), and no key has served two texts.
 */
import { type Message, type Store, type Unreadable, memoryStore } from "@securechat/core"
import { decodeEnvelope } from "@securechat/core/wire"
import { turn } from "@securechat/testkit"
import { webSocket } from "@securechat/transport-ws"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Life } from "../support/life.ts"
import { flipped } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

type Role = "sender" | "recipient"

/** Time passes with the heartbeats of those who live. */
const pass = async (...people: readonly Person[]): Promise<void> => {
  await world.clock.advance(5_000)
  const from = world.evil.seen.length
  for (const { name, chat } of people) {
    if (chat.connection !== "online") continue
    world.evil.pass(name, { type: "ping", request: 0, nonce: new Uint8Array(8) })
    await world.evil.until(({ who, frame }) => who === name && frame.type === "pong", from)
  }
}

/** Breaks the next delivery to somebody in its token. Returns the end of that. */
const breakNext = (name: string): (() => void) => {
  const end = world.evil.rule(({ who, way, frame }) => {
    if (who !== name || way !== "down" || frame.type !== "deliver") return undefined
    end()
    return [{ ...frame, body: flipped(frame.body, frame.body.length - 40) }]
  })
  return end
}

class Story {
  readonly #sender: Person
  readonly #recipient: Person
  readonly promised: Record<Role, string[]> = { sender: [], recipient: [] }
  readonly #life: Record<Role, Life>
  readonly #stores: Record<Role, Store> = { sender: memoryStore(), recipient: memoryStore() }
  readonly #from = world.evil.seen.length
  #unbreak: () => void = () => undefined

  constructor(name: string, dies: Role, before: number) {
    this.#life = { sender: new Life(Infinity), recipient: new Life(Infinity) }
    this.#life[dies] = new Life(before)
    const newcomer = (role: Role): Person => {
      const lives = this.#life
      const stores = this.#stores
      const who = `${role[0]}-${name}`
      const transport = world.evil.transport(who, webSocket(world.url))
      return world.newcomer(who, {
        get store() {
          return lives[role].store(stores[role])
        },
        get transport() {
          return lives[role].transport(transport)
        },
      })
    }
    this.#sender = newcomer("sender")
    this.#recipient = newcomer("recipient")
  }

  /** The story up to its end or the death in it; how many steps the mortal one took. */
  async tell(dies: Role): Promise<Life> {
    const life = this.#life[dies]
    await Promise.race([this.#happens(), life.died])
    if (!life.dead) {
      life.spare()
      return life
    }
    this.#unbreak()
    this.#life[dies] = new Life(Infinity)
    await (dies === "sender" ? this.#sender : this.#recipient).reborn()
    return life
  }
  async #happens(): Promise<void> {
    const [sender, recipient] = [this.#sender, this.#recipient]
    await Promise.all([sender.begin(), recipient.begin()])
    await this.#say("sender", "one")
    await this.#say("sender", "two")
    await recipient.hears("two")
    await this.#say("recipient", "answer")
    await sender.hears("answer")
    await this.#quiet()
    this.#unbreak = breakNext(recipient.name)
    await this.#say("sender", "broken")
    await this.#until(() => recipient.texts.includes("broken"))
    await this.#quiet()
  }
  /** Real sockets get their turns; then time passes: for requests, heads and what else waits. */
  async #until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let times = 0; times < 30; times++) {
      for (let turns = 0; turns < 100; turns++) {
        if (await holds()) return
        await turn()
      }
      await pass(this.#sender, this.#recipient)
    }
    throw new Error(`missing after a while: ${(await this.#missing()).join(", ")}`)
  }
  async #say(by: Role, text: string): Promise<void> {
    const [from, to] = by === "sender" ? [this.#sender, this.#recipient] : [this.#recipient, this.#sender]
    await (await from.with(to)).send(text)
    this.promised[by].push(text)
  }
  async #quiet(): Promise<void> {
    const people = [this.#sender, this.#recipient]
    await this.#until(() => people.every((one) => one.chat.getSnapshot().outbox === 0))
  }

  /** They talk once more; everything promised is there then. */
  async heal(): Promise<void> {
    const people = [this.#sender, this.#recipient]
    for (const one of people) if (one.chat.connection !== "online") await one.begin()
    await this.#say("sender", "last of the sender")
    await this.#say("recipient", "last of the recipient")
    await this.#until(
      async () =>
        people.every((one) => one.chat.getSnapshot().outbox === 0) && (await this.#missing()).length === 0,
    )
  }

  /** Each promised text with how often it is kept and was shown on the other side. */
  async #found(): Promise<{ text: string; kept: number; shown: number }[]> {
    const found: { text: string; kept: number; shown: number }[] = []
    for (const [one, by] of [
      [this.#recipient, "sender"],
      [this.#sender, "recipient"],
    ] as const) {
      const page = await this.#page(one)
      for (const text of this.promised[by])
        found.push({
          text,
          kept: page.filter((item) => "text" in item && !item.mine && item.text === text).length,
          shown: one.texts.filter((other) => other === text).length,
        })
    }
    return found
  }
  async #missing(): Promise<string[]> {
    return (await this.#found()).filter(({ kept }) => kept === 0).map(({ text }) => text)
  }
  /** What must hold, as text where it does not. */
  async wrongs(): Promise<string[]> {
    const wrongs = (await this.#found())
      .filter(({ kept, shown }) => kept !== 1 || shown > 1)
      .map(({ text, kept, shown }) => `'${text}' is kept ${kept} times and was shown ${shown}`)
    for (const one of [this.#sender, this.#recipient])
      if (one.errors.length > 0) wrongs.push(`${one.name}: ${one.errors.map(String).join(", ")}`)
    return [...wrongs, ...this.#keysTwice()]
  }
  async #page(one: Person): Promise<readonly (Message | Unreadable)[]> {
    const [conversation] = await one.chat.conversations()
    return conversation === undefined ? [] : (await conversation.page({ limit: 100 })).items
  }
  /** A name of a message key, and what it sealed. */
  #keysTwice(): string[] {
    const sealed = new Map<string, string>()
    const wrongs: string[] = []
    for (const { way, frame } of world.evil.seen.slice(this.#from)) {
      if (way !== "up" || frame.type !== "submit") continue
      const body = frame.body
      const { sessionId, ratchetKey, count } = decodeEnvelope(body)
      const key = `${Buffer.from(sessionId).toString("hex")}/${Buffer.from(ratchetKey).toString("hex")}/${count}`
      const text = Buffer.from(body).toString("hex")
      if ((sealed.get(key) ?? text) !== text) wrongs.push(`a key has sealed two: n ${count}`)
      sealed.set(key, text)
    }
    return wrongs
  }

  async end(): Promise<void> {
    await Promise.all([this.#sender.chat.close(), this.#recipient.chat.close()])
  }
}

describe.each(["sender", "recipient"] as const)("the %s dies", (dies) => {
  it("[D2] before each step of the story, and nothing is lost, doubled or sealed twice", async () => {
    const failures: string[] = []
    let told = 0
    for (let before = 1; ; before++) {
      const story = new Story(`${dies}-${before}`, dies, before)
      const life = await story.tell(dies)
      await story.heal()
      for (const wrong of await story.wrongs())
        failures.push(`before step ${before} (${life.log.at(-1)}): ${wrong}`)
      await story.end()
      if (!life.dead) break
      told += 1
    }
    console.log(`${told} deaths of the ${dies}`)
    expect(failures).toEqual([])
    expect(told).toBeGreaterThan(20)
  }, 180_000)
})
