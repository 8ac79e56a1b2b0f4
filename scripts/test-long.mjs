// `npm run test:long [names]`: the same suites with more seeds. Without names, all of them.
import { availableParallelism } from "node:os"
import { createRun, run } from "./steps.mjs"

/** On all cores, to the first seed that fails. `npm run test:sim` goes on from any other one. */
const simulate = (...args) => [
  ...["node", "--conditions=@securechat/source", "tests/sim/main.ts", "--until-broken"],
  ...["--workers", String(availableParallelism()), ...args],
]

/** Which files, and the variables that widen them. */
const SUITES = {
  model: { files: ["packages/core/test/property/session-model"], env: { MODEL_SEEDS: "1000" } },
  races: { files: ["packages/core/test/property/races"], env: { RACE_SCHEDULES: "10000" } },
  strangers: { files: ["packages/core/test/attack/strangers"], env: { STRANGERS: "10000" } },
  million: { files: ["packages/core/test/property/million"], env: { MILLION_MESSAGES: "1000000" } },
  interop: { files: ["tests/interop/fernet"], env: { INTEROP_MESSAGES: "10000" } },
  sim: { commands: [simulate("--seeds", "10000"), simulate("--search", "5000")] },
  crash: { files: ["tests/crash/killed"], env: { CRASH_KILLS: "200", CRASH_PEERS: "100" } },
  chaos: { files: ["tests/chaos/"], env: { CHAOS_MESSAGES: "50000" } },
  history: { files: ["tests/history"], env: { HISTORY_MESSAGES: "100000" } },
  load: {
    files: ["tests/load", "--no-file-parallelism"],
    env: {
      ...{ LOAD_GATED: "1", LOAD_PAIRS: "200", LOAD_MS: "3000", LOAD_ROUNDS: "7" },
      ...{ LOAD_MAILBOXES: "memory,redis,sqlite", LOAD_CONNECTIONS: "10000", LOAD_SOCKETIO: "5000" },
      ...{ LOAD_STORM: "5000", LOAD_STALL_CLIENTS: "1000", LOAD_STALL_MS: "10000", LOAD_STALL_RATE: "1500" },
    },
  },
  codecs: { files: ["packages/core/test/property/codecs"], env: { CODEC_RUNS: "100000" } },
}

const wanted = process.argv.slice(2).filter((name) => name !== "--")
const unknown = wanted.filter((name) => !Object.hasOwn(SUITES, name))
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(", ")}; there are: ${Object.keys(SUITES).join(", ")}`)
  process.exit(1)
}
const suite = createRun("npm run test:long")
for (const name of wanted.length > 0 ? wanted : Object.keys(SUITES)) {
  const { files, env, commands = [["vitest", "run", ...files]] } = SUITES[name]
  await suite.step(name, async () => {
    for (const command of commands) await run(command, { env, show: true })
  })
}
suite.finish()
