import { storeSuite } from "@securechat/testkit"
import { describe, it } from "vitest"
import { memoryStore } from "./memory.ts"

storeSuite({ describe, it }, () => Promise.resolve(memoryStore()), {
  reopen: (store) => Promise.resolve(store),
})
