/** In Chromium, where no primitive is native: a message of 1 KiB, sealed and opened. */
import type { Contestant } from "./contestant.ts"
import type { Row } from "./row.ts"

const MATRIX = "@matrix-org/matrix-sdk-crypto-wasm"
const page = (name: string, task: string): Contestant => ({
  name,
  module: "../tests/browser/contest.ts",
  task,
  input: { bytes: 1024 },
})

export const BROWSER_ROWS: readonly Row[] = [
  {
    id: "browser-1024",
    group: "browser",
    work: "encrypt and decrypt in Chromium, 1 KiB",
    unit: "messages/s",
    quick: true,
    slowness: 2,
    ours: page("securechat", "ours"),
    theirs: [
      { by: page(`${MATRIX}, messages of a room`, "matrixRoom"), target: { atLeast: 3 } },
      { by: page(`${MATRIX}, pairwise`, "matrixDirect") },
    ],
  },
]
