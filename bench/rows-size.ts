/** Rows where less is better: bytes of a session, stored and alive, and of what a browser loads. */
import type { Contestant } from "./contestant.ts"
import type { Row } from "./row.ts"

const session = (task: string): Contestant => ({
  name: "securechat",
  module: "../packages/core/test/bench/session.ts",
  task,
  flags: ["--expose-gc"],
})
const peer = (name: string, module: string, task: string): Contestant => ({
  name,
  module: `peers/${module}.mjs`,
  task,
  flags: ["--expose-gc"],
})
const bundle = (name: string, task: string): Contestant => ({ name, module: "sizes.ts", task })
const LIBSIGNAL = "@signalapp/libsignal-client"
const AT_MOST_ONE = { atMost: 1 }

export const SIZE_ROWS: readonly Row[] = [
  {
    id: "session-stored",
    group: "memory",
    work: "a session as it is stored",
    unit: "bytes",
    quick: true,
    once: true,
    ours: session("stored"),
    theirs: [
      { by: peer(LIBSIGNAL, "libsignal", "stored"), target: AT_MOST_ONE },
      { by: peer("@matrix-org/olm", "olm", "stored") },
    ],
  },
  {
    id: "session-heap",
    group: "memory",
    work: "a live session, over 10,000",
    unit: "bytes",
    quick: true,
    once: true,
    ours: session("heap"),
    theirs: [{ by: peer(LIBSIGNAL, "libsignal", "heap"), target: AT_MOST_ONE }],
  },
  {
    id: "bundle",
    group: "browser",
    work: "what a browser loads for a chat, gzipped",
    unit: "bytes",
    quick: true,
    once: true,
    ours: bundle("securechat", "ours"),
    theirs: [
      { by: bundle("60 kB", "budget"), target: AT_MOST_ONE },
      { by: bundle("@matrix-org/matrix-sdk-crypto-wasm", "matrix"), target: AT_MOST_ONE },
      { by: bundle("@matrix-org/olm", "olm"), target: AT_MOST_ONE },
    ],
  },
]
