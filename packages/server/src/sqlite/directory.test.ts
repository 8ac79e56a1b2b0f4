import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, it } from "vitest"
import { type DirectoryUnderTest, SUITE_LIMITS, directorySuite } from "../../test/suites/directory.ts"
import { sqliteDirectory } from "./directory.ts"
import { SqliteFile } from "./file.ts"

const folder = mkdtempSync(join(tmpdir(), "securechat-directory-"))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
let files = 0

const openAt = (path: string): DirectoryUnderTest => {
  const file = new SqliteFile({ path, durability: "process" })
  const reopen = (): Promise<DirectoryUnderTest> => {
    file.close()
    return Promise.resolve(openAt(path))
  }
  return { directory: sqliteDirectory(file, SUITE_LIMITS), reopen }
}

directorySuite({ describe, it }, () => Promise.resolve(openAt(join(folder, `${++files}.db`))), {
  survivesRestart: true,
})
