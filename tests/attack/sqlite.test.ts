/** What a relay keeps back and brings again, once more where its mailboxes lie in SQLite. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe } from "vitest"
import { keepIn } from "../relay/support/place.ts"

const folder = mkdtempSync(join(tmpdir(), "securechat-"))
let files = 0
keepIn(() => ({ sqlite: join(folder, `${++files}.db`) }))

describe("on SQLite", async () => {
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })
  await import("./withheld.test.ts")
})
