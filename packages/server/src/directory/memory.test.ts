import { describe, it } from "vitest"
import { type DirectoryUnderTest, SUITE_LIMITS, directorySuite } from "../../test/suites/directory.ts"
import { memoryDirectory } from "./memory.ts"

const open = (): Promise<DirectoryUnderTest> =>
  Promise.resolve({ directory: memoryDirectory(SUITE_LIMITS), reopen: open })

directorySuite({ describe, it }, open, { survivesRestart: false })
