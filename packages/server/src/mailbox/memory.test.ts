import { manualClock, unsafeSeeded } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { type MailboxUnderTest, mailboxSuite } from "../../test/suites/mailbox.ts"
import { memoryMailbox } from "./memory.ts"

const caps = { messages: 20, bytes: 200, dedupMs: 86_400_000 }
const { random } = unsafeSeeded(3)

const open = (totalBytes = 1_000): Promise<MailboxUnderTest> => {
  const { nowMs, advance } = manualClock()
  const mailbox = memoryMailbox({ nowMs, epoch: random(16), ...caps, totalBytes })
  const under: MailboxUnderTest = {
    mailbox,
    nowMs,
    advance,
    reopen: async () => {
      await mailbox.close()
      return open(totalBytes)
    },
  }
  return Promise.resolve(under)
}

mailboxSuite({ describe, it }, open, { ...caps, survivesRestart: false })

describe("memory mailboxes", () => {
  const put = async (
    { mailbox, nowMs }: MailboxUnderTest,
    device: string,
    id: string,
    size: number,
  ): Promise<string> =>
    mailbox.append(device, new Uint8Array(size), { id, expiresAt: new Date(nowMs() + 1_000) })

  it("are full together before the process is", async () => {
    const box = await open(250)
    expect(await put(box, "a", "1", 150)).toBe("stored")
    expect(await put(box, "b", "2", 150)).toBe("full")
    await box.mailbox.drop("a")
    expect(await put(box, "b", "2", 150)).toBe("stored")
    await box.advance(60_000)
    expect(await put(box, "c", "3", 150)).toBe("stored")
  })

  it("remember at most 20,000 ids of one device", async () => {
    const box = await open()
    for (let i = 0; i <= 20_000; i++) {
      await put(box, "a", `id ${i}`, 0)
      const [item] = await box.mailbox.read("a", { limit: 1 })
      await box.mailbox.ack("a", item?.cursor ?? "")
    }
    expect(await put(box, "a", "id 20000", 0)).toBe("duplicate")
    expect(await put(box, "a", "id 0", 0)).toBe("stored")
  })
})
