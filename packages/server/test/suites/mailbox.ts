/**
 * What every mailbox driver owes; relay.md §7. Takes any runner, like the suites of the test kit. `advance`
 * moves the driver's clock; `reopen` ends the driver and opens it again on what it kept.
 */
import { strictEqual, deepStrictEqual, notStrictEqual, rejects } from "node:assert/strict"
import type { Runner } from "@securechat/testkit"
import type { FreshMail, Mailbox } from "../../src/mailbox/mailbox.ts"

export interface MailboxUnderTest {
  readonly mailbox: Mailbox
  readonly nowMs: () => number
  advance(ms: number): Promise<void>
  /** The same driver after a restart, with what survives one; undefined: nothing does. */
  reopen(): Promise<MailboxUnderTest>
}
export interface MailboxSuiteOptions {
  /** Caps the driver was made with. */
  readonly messages: number
  readonly bytes: number
  readonly dedupMs: number
  readonly survivesRestart: boolean
}

const HOUR_MS = 3_600_000
const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)

export const mailboxSuite = (
  { describe, it }: Runner,
  make: () => Promise<MailboxUnderTest>,
  options: MailboxSuiteOptions,
): void => {
  const put = (
    { mailbox, nowMs }: MailboxUnderTest,
    device: string,
    id: string,
    { envelope = bytes(1), lifeMs = HOUR_MS }: { envelope?: Uint8Array; lifeMs?: number } = {},
  ): Promise<string> =>
    Promise.resolve(mailbox.append(device, envelope, { id, expiresAt: new Date(nowMs() + lifeMs) }))
  const contents = async (
    { mailbox }: MailboxUnderTest,
    device: string,
    after?: string,
  ): Promise<readonly number[][]> =>
    (await mailbox.read(device, { after, limit: 1_000 })).map((item) => [...item.envelope])
  const lastCursor = async ({ mailbox }: MailboxUnderTest, device: string): Promise<string> =>
    (await mailbox.read(device, { limit: 1_000 })).at(-1)?.cursor ?? ""

  describe("a mailbox", () => {
    it("gives back what was stored, in order, per device", async () => {
      const box = await make()
      strictEqual(await put(box, "a", "1", { envelope: bytes(1) }), "stored")
      strictEqual(await put(box, "b", "2", { envelope: bytes(2) }), "stored")
      strictEqual(await put(box, "a", "3", { envelope: bytes(3) }), "stored")
      deepStrictEqual(await contents(box, "a"), [[1], [3]])
      deepStrictEqual(await contents(box, "b"), [[2]])
      deepStrictEqual(await contents(box, "nobody"), [])
      deepStrictEqual(await box.mailbox.counts(), { mailboxes: 2, messages: 3 })
    })

    it("reads on after a cursor, as many as asked for", async () => {
      const box = await make()
      for (let i = 0; i < 5; i++) await put(box, "a", String(i), { envelope: bytes(i) })
      const first = await box.mailbox.read("a", { limit: 2 })
      deepStrictEqual(
        first.map((item) => [...item.envelope]),
        [[0], [1]],
      )
      deepStrictEqual(await contents(box, "a", first[1]?.cursor), [[2], [3], [4]])
    })

    it("has cursors of at most 64 ASCII characters", async () => {
      const box = await make()
      await put(box, "a", "1")
      strictEqual(/^[\x21-\x7e]{1,64}$/.test(await lastCursor(box, "a")), true)
    })

    it("deletes up to an acknowledged cursor and never again below it", async () => {
      const box = await make()
      await put(box, "a", "1", { envelope: bytes(1) })
      await put(box, "a", "2", { envelope: bytes(2) })
      const [first, second] = await box.mailbox.read("a", { limit: 2 })
      await box.mailbox.ack("a", second?.cursor ?? "")
      await box.mailbox.ack("a", first?.cursor ?? "")
      deepStrictEqual(await contents(box, "a"), [])
      await put(box, "a", "3", { envelope: bytes(3) })
      deepStrictEqual(await contents(box, "a", second?.cursor), [[3]])
    })

    it("ignores a cursor it never wrote, and one of another device's place", async () => {
      const box = await make()
      await put(box, "a", "1", { envelope: bytes(1) })
      for (const cursor of ["", "x", "00000000000000000000000000000000.1", `${"f".repeat(32)}.99`]) {
        await box.mailbox.ack("a", cursor)
        deepStrictEqual(await contents(box, "a", cursor), [[1]])
      }
      const place = await box.mailbox.resume("a", "nonsense")
      deepStrictEqual(place, { resumed: false, after: "", backlog: 1 })
    })

    it("resumes at its own cursor, deleting what is below", async () => {
      const box = await make()
      for (let i = 0; i < 3; i++) await put(box, "a", String(i), { envelope: bytes(i) })
      const [, second] = await box.mailbox.read("a", { limit: 2 })
      const place = await box.mailbox.resume("a", second?.cursor ?? "")
      strictEqual(place.resumed, true)
      strictEqual(place.backlog, 1)
      deepStrictEqual(await contents(box, "a", place.after), [[2]])
    })

    it("resumes a device whose mail is all gone", async () => {
      const box = await make()
      await put(box, "a", "1")
      const cursor = await lastCursor(box, "a")
      await box.mailbox.ack("a", cursor)
      await box.advance(options.dedupMs + HOUR_MS)
      await put(box, "b", "2")
      strictEqual((await box.mailbox.resume("a", cursor)).resumed, true)
      await put(box, "a", "3", { envelope: bytes(3) })
      deepStrictEqual(await contents(box, "a", cursor), [[3]])
    })

    it("stores the same id once within its window, also after it was acknowledged", async () => {
      const box = await make()
      strictEqual(await put(box, "a", "same"), "stored")
      strictEqual(await put(box, "a", "same"), "duplicate")
      strictEqual(await put(box, "b", "same"), "stored")
      await box.mailbox.ack("a", await lastCursor(box, "a"))
      strictEqual(await put(box, "a", "same"), "duplicate")
      await box.advance(options.dedupMs)
      strictEqual(await put(box, "a", "same"), "stored")
    })

    it("is full at its caps, pushes nothing out, and has room again after an ack", async () => {
      const box = await make()
      for (let i = 0; i < options.messages; i++) strictEqual(await put(box, "a", String(i)), "stored")
      strictEqual(await put(box, "a", "over"), "full")
      strictEqual(await put(box, "b", "other"), "stored")
      strictEqual((await contents(box, "a")).length, options.messages)
      await box.mailbox.ack("a", (await box.mailbox.read("a", { limit: 1 }))[0]?.cursor ?? "")
      strictEqual(await put(box, "a", "over"), "stored")
      strictEqual(await put(box, "c", "big", { envelope: new Uint8Array(options.bytes) }), "stored")
      strictEqual(await put(box, "c", "byte"), "full")
    })

    it("drops what has expired and nothing else", async () => {
      const box = await make()
      await put(box, "a", "1", { envelope: bytes(1), lifeMs: HOUR_MS })
      await put(box, "a", "2", { envelope: bytes(2), lifeMs: 2 * HOUR_MS })
      await put(box, "never opened", "3", { envelope: bytes(3), lifeMs: HOUR_MS })
      await box.advance(HOUR_MS)
      deepStrictEqual(await contents(box, "a"), [[2]])
      await put(box, "a", "4", { envelope: bytes(4) })
      deepStrictEqual(await box.mailbox.counts(), { mailboxes: 1, messages: 2 })
    })

    it("forgets a revoked device whole", async () => {
      const box = await make()
      await put(box, "a", "1")
      await put(box, "b", "2", { envelope: bytes(2) })
      await box.mailbox.drop("a")
      deepStrictEqual(await contents(box, "a"), [])
      deepStrictEqual(await contents(box, "b"), [[2]])
    })

    it("wakes its watchers on every append until they leave", async () => {
      const box = await make()
      const woken: string[] = []
      const leave = box.mailbox.watch("a", () => woken.push("one"))
      box.mailbox.watch("a", () => woken.push("two"))
      box.mailbox.watch("b", () => woken.push("b"))
      await put(box, "a", "1")
      leave()
      leave()
      await put(box, "a", "2")
      deepStrictEqual(woken, ["one", "two", "two"])
    })

    it("tells who watches what came and what it follows, where it has it at hand", async () => {
      const box = await make()
      const fresh: (FreshMail | undefined)[] = []
      box.mailbox.watch("a", (mail) => fresh.push(mail))
      for (const value of [1, 2, 3]) await put(box, "a", String(value), { envelope: bytes(value) })
      const items = await box.mailbox.read("a", { limit: 3 })
      for (const [index, mail] of fresh.entries()) {
        if (mail === undefined) continue
        strictEqual(mail.cursor, items[index]?.cursor)
        deepStrictEqual([...mail.envelope], [index + 1])
        // What it follows may have been acknowledged meanwhile: it is named all the same.
        if (index > 0) strictEqual(mail.follows, items[index - 1]?.cursor)
      }
      await box.mailbox.ack("a", items[2]?.cursor ?? "")
      await put(box, "a", "4")
      const last = fresh.at(-1)
      if (last !== undefined) strictEqual(last.follows, items[2]?.cursor)
    })

    it("answers nothing after it was closed", async () => {
      const box = await make()
      await box.mailbox.close()
      await rejects(put(box, "a", "1"))
      await rejects(async () => box.mailbox.read("a", { limit: 1 }))
    })

    it("after a restart keeps everything, or has another epoch", async () => {
      const box = await make()
      await put(box, "a", "1", { envelope: bytes(1) })
      await put(box, "a", "2", { envelope: bytes(2) })
      const cursor = (await box.mailbox.read("a", { limit: 1 }))[0]?.cursor ?? ""
      const again = await box.reopen()
      const place = await again.mailbox.resume("a", cursor)
      strictEqual(place.resumed, options.survivesRestart)
      deepStrictEqual(await contents(again, "a", place.after), options.survivesRestart ? [[2]] : [])
      await put(again, "a", "3", { envelope: bytes(3) })
      notStrictEqual(await lastCursor(again, "a"), cursor)
    })
  })
}
