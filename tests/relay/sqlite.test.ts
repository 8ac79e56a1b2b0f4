/** What the relay does for devices, once more on SQLite. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe } from "vitest"
import { keepIn } from "./support/place.ts"

const folder = mkdtempSync(join(tmpdir(), "securechat-site-"))
let files = 0
keepIn(() => ({ sqlite: join(folder, `${++files}.db`) }))

describe("on SQLite", async () => {
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })
  await import("./service.test.ts")
})
