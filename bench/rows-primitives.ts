/** What bounds all other rows: single primitives, bare in Node and in `openssl speed`. Shown beside, not raced against. */
import type { Row } from "./row.ts"

const row = (task: string, work: string): Row => ({
  id: `primitive-${task}`,
  group: "primitive",
  work,
  unit: "times/s",
  quick: false,
  ours: { name: "securechat", module: "../packages/core/test/bench/primitives.ts", task },
  theirs: [
    { by: { name: "node:crypto, bare", module: "peers/node-primitives.mjs", task } },
    { by: { name: "openssl, speed", module: "openssl.ts", task } },
  ],
})

export const PRIMITIVE_ROWS: readonly Row[] = [
  { ...row("aes-256-gcm", "AES-256-GCM of 64 KiB"), quick: true },
  row("sha256", "SHA-256 of 1 KiB"),
  { ...row("x25519", "X25519 agreement, the peer's key new to us"), quick: true },
  row("ed25519-sign", "Ed25519 signature"),
  row("ed25519-verify", "Ed25519 verification, strict, the key checked before"),
]
