/** The rows that need no network: Fernet, handshake, ratchet, files. */
import type { Contestant } from "./contestant.ts"
import type { Opponent, Row } from "./row.ts"

const CORE = "../packages/core/test/bench"
const PYTHON = process.env["SECURECHAT_PYTHON"] || "/usr/bin/python3"

const ours = (module: string, task: string, input?: unknown): Contestant => ({
  name: "securechat",
  module: `${CORE}/${module}.ts`,
  task,
  input,
})
const peer = (name: string, module: string, task: string, input?: unknown): Contestant => ({
  name,
  module: `peers/${module}.mjs`,
  task,
  input,
})
const atLeast = (by: Contestant, ratio: number): Opponent => ({ by, target: { atLeast: ratio } })

const libsignal = (task: string, input?: unknown): Contestant =>
  peer("@signalapp/libsignal-client", "libsignal", task, input)
const olm = (task: string, input?: unknown): Contestant => peer("@matrix-org/olm", "olm", task, input)
const twoKey = (task: string, input?: unknown): Opponent => ({
  by: peer("2key-ratchet", "two-key-ratchet", task, input),
})

const sizeName = (bytes: number): string =>
  bytes < 1024 ? `${bytes} B` : bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`

const fernet = (bytes: number, npm: number): Row => ({
  id: `fernet-${bytes}`,
  group: "fernet",
  work: `Fernet encrypt and decrypt, ${sizeName(bytes)}`,
  unit: "tokens/s",
  quick: true,
  slowness: bytes > 100_000 ? 2 : 1,
  ours: ours("fernet", "both", { bytes }),
  theirs: [
    atLeast(peer("fernet", "npm-fernet", "both", { bytes }), npm),
    atLeast(
      {
        name: "Python cryptography",
        command: [PYTHON, new URL("peers/fernet_peer.py", import.meta.url).pathname],
        task: "both",
        input: { bytes },
      },
      2,
    ),
    atLeast(peer("node:crypto, bare", "node-fernet", "both", { bytes }), 0.85),
  ],
})

const oneWay = (bytes: number, signal: number, olmRatio: number): Row => ({
  id: `ratchet-${bytes}`,
  group: "ratchet",
  work: `ratchet encrypt and decrypt, one way, ${sizeName(bytes)}`,
  unit: "messages/s",
  quick: true,
  ours: ours("session", "oneWay", { bytes }),
  theirs: [
    atLeast(libsignal("oneWay", { bytes }), signal),
    atLeast(olm("oneWay", { bytes }), olmRatio),
    ...(bytes === 65_536 ? [] : [twoKey("oneWay", { bytes })]),
  ],
})

const FILE_MIB = 256
const file = (task: string, work: string): Row => ({
  id: `file-${task}`,
  group: "file",
  work: `${work}, ${FILE_MIB} MiB`,
  unit: "MiB/s",
  quick: true,
  slowness: 2,
  ours: ours("stream", task, { mebibytes: FILE_MIB }),
  theirs: [atLeast(peer("node:crypto, bare chunks", "node-gcm", task, { mebibytes: FILE_MIB }), 0.85)],
})

export const CORE_ROWS: readonly Row[] = [
  fernet(32, 9),
  fernet(1024, 15),
  fernet(65_536, 60),
  fernet(1_048_576, 60),
  {
    id: "handshake-known",
    group: "handshake",
    work: "handshake with ML-KEM, both sides, first message opened, identities known",
    unit: "handshakes/s",
    quick: true,
    slowness: 2,
    ours: ours("session", "handshakeKnown"),
    theirs: [
      atLeast(libsignal("handshakeKnown"), 1),
      { by: olm("handshakeKnown") },
      twoKey("handshakeKnown"),
    ],
  },
  {
    id: "handshake-first",
    group: "handshake",
    work: "the same, first contact",
    unit: "handshakes/s",
    quick: true,
    slowness: 2,
    ours: ours("session", "handshakeFirst"),
    theirs: [atLeast(libsignal("handshakeFirst"), 0.4)],
  },
  oneWay(32, 4, 1),
  oneWay(1024, 4, 2),
  oneWay(65_536, 4, 30),
  {
    id: "ratchet-32-unpadded",
    group: "ratchet",
    work: "the ratchet alone, 32 B, unpadded and without commitment",
    unit: "messages/s",
    quick: true,
    ours: ours("session", "oneWayBare", { bytes: 32 }),
    theirs: [{ by: olm("oneWay", { bytes: 32 }) }],
  },
  {
    id: "ping-pong",
    group: "ratchet",
    work: "ping-pong, 32 B, a Diffie-Hellman step each message, ML-KEM by policy",
    unit: "messages/s",
    quick: true,
    slowness: 2,
    ours: ours("session", "pingPong", { bytes: 32 }),
    theirs: [
      atLeast(libsignal("pingPong", { bytes: 32 }), 1.1),
      atLeast(olm("pingPong", { bytes: 32 }), 2.5),
      twoKey("pingPong", { bytes: 32 }),
    ],
  },
  file("seal", "file encryption"),
  file("open", "file decryption"),
]
