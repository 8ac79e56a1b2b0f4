import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { afterEach, describe, expect, it } from "vitest"
import { type Room, room } from "../support/room.ts"
import type { Command, Report } from "./person.ts"

/** Somebody in a process of their own, seen through what they report. */
class Person {
  readonly #child: ChildProcessWithoutNullStreams
  readonly reports: Report[] = []
  readonly #waiting = new Set<() => void>()
  #complaints = ""

  constructor(url: string, context: string) {
    const script = new URL("person.ts", import.meta.url).pathname
    this.#child = spawn(process.execPath, ["--conditions=@securechat/source", script, url, context])
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.reports.push(JSON.parse(line) as Report)
      for (const look of [...this.#waiting]) look()
    })
    this.#child.stderr.on("data", (data: Buffer) => {
      this.#complaints += data.toString()
    })
    this.#child.once("exit", () => {
      for (const look of [...this.#waiting]) look()
    })
  }

  do(command: Command): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`)
  }
  /** The first report, from `after` on, that has these fields. */
  until(wanted: Partial<Report>, after = 0): Promise<Report> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.reports.slice(after).find((report) => matches(report, wanted))
        if (found === undefined && this.#child.exitCode === null) return
        this.#waiting.delete(look)
        if (found === undefined)
          reject(new Error(`ended without ${JSON.stringify(wanted)}: ${this.#complaints}`))
        else resolve(found)
      }
      this.#waiting.add(look)
      look()
    })
  }
  /** Ends by itself once it is closed: nothing keeps the process alive. */
  async leave(): Promise<number> {
    this.do({ do: "close" })
    await this.until({ event: "closed" })
    if (this.#child.exitCode === null) await once(this.#child, "exit")
    return this.#child.exitCode ?? -1
  }
  kill(): void {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL")
  }
  get texts(): readonly (string | undefined)[] {
    return this.reports.filter(({ event }) => event === "message").map(({ text }) => text)
  }
}

const matches = (report: Report, wanted: Partial<Report>): boolean =>
  Object.entries(wanted).every(([name, value]) => report[name as keyof Report] === value)

const people: Person[] = []
const rooms: Room[] = []
const enter = (where: Room, context = "room-42"): Person => {
  const person = new Person(where.url, context)
  people.push(person)
  return person
}
const newRoom = async (): Promise<Room> => {
  const made = await room()
  rooms.push(made)
  return made
}
afterEach(async () => {
  for (const person of people.splice(0)) person.kill()
  await Promise.all(rooms.splice(0).map((each) => each[Symbol.asyncDispose]()))
})

const bothOpen = async (where: Room): Promise<readonly [Person, Person]> => {
  const both = [enter(where), enter(where)] as const
  await Promise.all(both.map((person) => person.until({ event: "open" })))
  return both
}

describe("two processes in a WebSocket room that repeats everything to everybody", () => {
  it("chat, compare numbers and turn green; the room saw no word of it", async () => {
    const where = await newRoom()
    const [ada, bo] = await bothOpen(where)
    expect(ada.reports.find(({ event }) => event === "security")).toMatchObject({ level: "red" })
    await ada.until({ event: "security", level: "yellow", reason: "unverified" })
    ada.do({ do: "send", text: "hello, privately" })
    await bo.until({ event: "message", text: "hello, privately", level: "yellow" })
    for (const person of [ada, bo]) person.do({ do: "number" })
    const [mine, theirs] = await Promise.all([ada, bo].map((person) => person.until({ event: "number" })))
    expect(mine?.digits).toMatch(/^\d{60}$/)
    expect(mine?.digits).toBe(theirs?.digits)
    for (const person of [ada, bo]) person.do({ do: "verify" })
    await Promise.all([ada, bo].map((person) => person.until({ event: "security", level: "green" })))
    bo.do({ do: "send", text: "so it is you" })
    await ada.until({ event: "message", text: "so it is you", level: "green" })
    const heard = Buffer.concat(where.said).toString("latin1")
    expect(heard).not.toContain("hello, privately")
    expect(heard).not.toContain("so it is you")
    expect(await Promise.all([ada.leave(), bo.leave()])).toEqual([0, 0])
  })

  it("show nothing of a tampered frame, stay as they were, and report the gap", async () => {
    const where = await newRoom()
    const [ada, bo] = await bothOpen(where)
    const before = bo.reports.length
    where.onFrame = (frame) => {
      where.onFrame = (next) => next
      const changed = Buffer.from(frame)
      changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1
      return changed
    }
    ada.do({ do: "send", text: "altered on the way" })
    await ada.until({ event: "sent" })
    ada.do({ do: "send", text: "genuine" })
    await bo.until({ event: "message", text: "genuine", level: "yellow" })
    expect(bo.texts).toEqual(["genuine"])
    expect(bo.reports.slice(before).map(({ event }) => event)).toEqual(["gap", "message"])
    expect(bo.reports.find(({ event }) => event === "gap")).toMatchObject({ missing: 1 })
  })

  it("go on with the same keys after the room cut everybody off", async () => {
    const where = await newRoom()
    const both = await bothOpen(where)
    const [ada, bo] = both
    const before = both.map((person) => person.reports.length)
    where.cut()
    await Promise.all(
      both.map((person, i) => person.until({ event: "connection", text: "online" }, before[i])),
    )
    ada.do({ do: "send", text: "still the same keys" })
    await bo.until({ event: "message", text: "still the same keys" })
    const changes = both.flatMap((person, i) => person.reports.slice(before[i]))
    expect(changes.filter(({ event }) => event === "security")).toEqual([])
  })

  it("agree on new keys when one of them starts again", async () => {
    const where = await newRoom()
    const [ada, bo] = await bothOpen(where)
    const before = bo.reports.length
    bo.do({ do: "restart" })
    await bo.until({ event: "open" }, before)
    // Bo first: it may be open a moment before Ada, who would still speak on the session Bo has forgotten.
    bo.do({ do: "send", text: "I am back" })
    await ada.until({ event: "message", text: "I am back", level: "yellow" })
    ada.do({ do: "send", text: "welcome" })
    await bo.until({ event: "message", text: "welcome" }, before)
  })

  it("never pair across contexts, while others in the room do", async () => {
    const where = await newRoom()
    const stranger = enter(where, "another-room")
    await stranger.until({ event: "connection", text: "online" })
    const [ada, bo] = await bothOpen(where)
    ada.do({ do: "send", text: "between us" })
    await bo.until({ event: "message", text: "between us" })
    stranger.do({ do: "send", text: "let me in" })
    await stranger.until({ event: "refused", reason: "ERR_NOT_SECURE" })
    expect(stranger.texts).toEqual([])
    expect(stranger.reports.some(({ event }) => event === "open")).toBe(false)
  })
})
