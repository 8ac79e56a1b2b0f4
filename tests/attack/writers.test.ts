/** Two processes on one SQLite file, in front of a real relay. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, describe, expect, it } from "vitest"
import { type World, world } from "../support/people.ts"
import { Reporter } from "../support/reporter.ts"
import type { Report } from "./writers/writer.ts"

const folder = mkdtempSync(join(tmpdir(), "securechat-writers-"))
const writers: Reporter<Report>[] = []
/** A bound for a machine that does much else. */
const LONG = { timeout: 20_000 }

let count = 0
const freshFile = (): string => join(folder, `${String(++count)}.db`)

const writer = (where: World, file: string, tabs = "refuse"): Reporter<Report> => {
  const url = where.url.replace("http", "ws")
  const made = new Reporter<Report>(new URL("writers/writer.ts", import.meta.url), [url, file, tabs])
  writers.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(writers.splice(0).map((each) => each.kill()))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** What Bob hears, as a list that grows. */
const bobIn = async (where: World): Promise<string[]> => {
  const heard: string[] = []
  const bob = await where.join("bob")
  bob.on("message", ({ text = "" }) => heard.push(text))
  bob.on("message:unreadable", ({ problem }) => heard.push(problem.code))
  return heard
}

// Each test starts up to three processes.
describe("two processes on one store", { timeout: 60_000 }, () => {
  it("[D5] refuses the second process, and leaves the first alone", async () => {
    await using where = await world()
    const heard = await bobIn(where)
    const file = freshFile()
    const first = writer(where, file)
    await first.until({ event: "open" })
    const second = writer(where, file)
    expect(await second.until({ event: "refused" })).toEqual({ event: "refused", code: "ERR_OTHER_TAB" })
    expect(await second.ended()).toBe(0)
    first.say("still here")
    await first.until({ event: "sent", text: "still here" })
    await expect.poll(() => heard, LONG).toEqual(["still here"])
    first.say("close")
    expect(await first.ended()).toBe(0)
  })

  it("[D5] opens for the next process when the first one was killed", async () => {
    await using where = await world()
    const heard = await bobIn(where)
    const file = freshFile()
    const first = writer(where, file)
    await first.until({ event: "open" })
    first.say("one")
    await first.until({ event: "sent" })
    first.signal("SIGKILL")
    expect(await first.ended()).toBe("SIGKILL")
    const second = writer(where, file)
    await second.until({ event: "open" })
    second.say("two")
    await expect.poll(() => heard, LONG).toEqual(["one", "two"])
  })

  it("[D5] writes nothing of a first writer that was stopped, taken over and resumed, and ends it in good order", async () => {
    await using where = await world()
    const heard = await bobIn(where)
    const file = freshFile()
    const first = writer(where, file)
    await first.until({ event: "open" })
    first.say("of the first")
    await first.until({ event: "sent" })
    await expect.poll(() => heard, LONG).toEqual(["of the first"])
    first.signal("SIGSTOP")
    // It lies in the pipe of the stopped process, which acts on it when it wakes.
    first.say("too late")
    const refused = writer(where, file)
    await refused.until({ event: "refused", code: "ERR_OTHER_TAB" })
    const second = writer(where, file, "takeover")
    await second.until({ event: "open" })
    second.say("of the second")
    await second.until({ event: "sent" })
    first.signal("SIGCONT")
    await first.until({ event: "error", code: "ERR_OTHER_TAB" })
    await first.until({ event: "closed" })
    first.say("close")
    expect(await first.ended()).toBe(0)
    expect(first.reports.filter(({ event }) => event === "sent")).toHaveLength(1)
    second.say("and again")
    await expect.poll(() => heard, LONG).toEqual(["of the first", "of the second", "and again"])
    second.say("close")
    expect(await second.ended()).toBe(0)
  })
})
