/** `openssl speed`, the physical limit: the same primitive in a loop of C, whose own clock is the processor's. */
import { spawnSync } from "node:child_process"

const WORKS: Readonly<
  Record<string, { readonly args: readonly string[]; readonly figure: RegExp; readonly times: number }>
> = {
  // Columns of bulk ciphers are thousands of bytes a second, of pairs of keys times a second.
  "aes-256-gcm": {
    args: ["-evp", "aes-256-gcm", "-bytes", "65536"],
    figure: /\n\S*GCM\s+([\d.]+)k/i,
    times: 1000 / 65_536,
  },
  sha256: { args: ["-evp", "sha256", "-bytes", "1024"], figure: /\nsha256\s+([\d.]+)k/i, times: 1000 / 1024 },
  x25519: { args: ["ecdhx25519"], figure: /ecdh \(X25519\)\s+\S+\s+([\d.]+)/, times: 1 },
  "ed25519-sign": { args: ["ed25519"], figure: /EdDSA \(Ed25519\)\s+\S+\s+\S+\s+([\d.]+)/, times: 1 },
  "ed25519-verify": {
    args: ["ed25519"],
    figure: /EdDSA \(Ed25519\)\s+\S+\s+\S+\s+[\d.]+\s+([\d.]+)/,
    times: 1,
  },
}

/** Whole seconds are all it takes. */
const speed = (name: string): number => {
  const { args, figure, times } = WORKS[name] ?? { args: [], figure: /$^/, times: 0 }
  const clock = process.env["BENCH_CLOCK"] === "wall" ? ["-elapsed"] : []
  const done = spawnSync("openssl", ["speed", ...clock, "-seconds", "1", ...args], { encoding: "utf8" })
  const found = figure.exec(done.stdout)?.[1]
  if (found === undefined) throw new Error(`openssl speed: ${done.error?.message ?? done.stderr.slice(-200)}`)
  return Number(found) * times
}

export const tasks = Object.fromEntries(
  Object.keys(WORKS).map((name) => [name, () => ({ measure: () => Promise.resolve(speed(name)) })]),
)
