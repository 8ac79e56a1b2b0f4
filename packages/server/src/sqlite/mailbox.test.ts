import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { DeviceId } from "@securechat/core/wire"
import { type ManualClock, manualClock, unsafeSeeded } from "@securechat/testkit"
import { afterAll, describe, expect, it } from "vitest"
import { type MailboxUnderTest, mailboxSuite } from "../../test/suites/mailbox.ts"
import { SqliteFile } from "./file.ts"
import { sqliteMailbox } from "./mailbox.ts"

const caps = { messages: 20, bytes: 200, dedupMs: 86_400_000 }
const { random } = unsafeSeeded(4)
const folder = mkdtempSync(join(tmpdir(), "securechat-sqlite-"))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
let files = 0
const fresh = (): string => join(folder, `${++files}.db`)

interface Opened extends MailboxUnderTest {
  readonly file: SqliteFile
}
const openAt = (path: string, clock: ManualClock): Opened => {
  const { nowMs, advance } = clock
  const file = new SqliteFile({ path, durability: "process" })
  const mailbox = sqliteMailbox(file, { nowMs, epoch: random(16), ...caps })
  const reopen = async (): Promise<Opened> => {
    await mailbox.close()
    return openAt(path, clock)
  }
  return { file, mailbox, nowMs, advance, reopen }
}

mailboxSuite({ describe, it }, () => Promise.resolve(openAt(fresh(), manualClock())), {
  ...caps,
  survivesRestart: true,
})

describe("SQLite mailboxes", () => {
  const device = "a" as DeviceId
  const put = (
    { mailbox, nowMs }: MailboxUnderTest,
    id: string,
    size = 1,
    to: string = device,
  ): Promise<string> =>
    Promise.resolve(mailbox.append(to, new Uint8Array(size), { id, expiresAt: new Date(nowMs() + 1_000) }))

  it("store what is appended in one turn in one transaction, and confirm it after the commit", async () => {
    const box = openAt(fresh(), manualClock())
    const appends = ["1", "2", "3"].map((id) => put(box, id))
    expect(await box.mailbox.counts()).toMatchObject({ messages: 0 })
    expect(await Promise.all(appends)).toEqual(["stored", "stored", "stored"])
    expect(box.file.db.isTransaction).toBe(false)
    await box.mailbox.close()
  })

  it("keep nothing of a group that failed, neither in the file nor in their sums", async () => {
    const box = openAt(fresh(), manualClock())
    const failed = [
      put(box, "1"),
      box.file.write(() => {
        throw new Error("disk on fire")
      }),
    ]
    expect((await Promise.allSettled(failed)).map(({ status }) => status)).toEqual(["rejected", "rejected"])
    expect(box.mailbox.counts()).toEqual({ mailboxes: 0, messages: 0 })
    expect(await put(box, "1")).toBe("stored")
    await box.mailbox.close()
  })

  it("are full when the disk is", async () => {
    const box = openAt(fresh(), manualClock())
    await put(box, "0")
    const pages = Number(box.file.db.prepare("PRAGMA page_count").get()?.["page_count"])
    box.file.db.exec(`PRAGMA max_page_count = ${pages}`)
    const results = new Set<string>()
    for (let i = 0; i < 100; i++) results.add(await put(box, "1", 190, `other ${i}`))
    expect([...results]).toEqual(["stored", "full"])
    await box.mailbox.close()
  })

  it("are for their owner's eyes, journal included", async () => {
    const path = fresh()
    writeFileSync(path, "", { mode: 0o644 })
    const box = openAt(path, manualClock())
    await put(box, "1")
    for (const name of [path, `${path}-wal`]) expect(statSync(name).mode & 0o777).toBe(0o600)
    await box.mailbox.close()
  })

  it("belong to one relay: a second one on the file is refused", async () => {
    const path = fresh()
    const box = openAt(path, manualClock())
    expect(() => openAt(path, manualClock())).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_INVALID" }) as Error,
    )
    await box.mailbox.close()
    await openAt(path, manualClock()).mailbox.close()
  })

  it("are not made out of another file, nor read in a newer format", async () => {
    const path = fresh()
    writeFileSync(path, "a letter to somebody, not a database at all".repeat(40))
    expect(() => openAt(path, manualClock())).toThrow(
      expect.objectContaining({ code: "ERR_STORE_CORRUPT" }) as Error,
    )
    const newer = fresh()
    const box = openAt(newer, manualClock())
    box.file.db.exec("PRAGMA user_version = 99")
    await box.mailbox.close()
    expect(() => openAt(newer, manualClock())).toThrow(
      expect.objectContaining({ code: "ERR_STORE_TOO_NEW" }) as Error,
    )
  })

  it("never use a place again that a power cut took back", async () => {
    const clock = manualClock()
    const box = openAt(fresh(), clock)
    await put(box, "1")
    await put(box, "2")
    const [, lost] = await box.mailbox.read(device, { limit: 2 })
    box.file.db.exec("DELETE FROM mail WHERE place = (SELECT max(place) FROM mail)")
    await clock.advance(10)
    const again = await box.reopen()
    await put(again, "3")
    const items = await again.mailbox.read(device, { limit: 9, after: lost?.cursor })
    expect(items).toHaveLength(1)
    await again.mailbox.close()
  })
})
