/** What both ends take packets with is new enough: known holes below these versions are open to a hostile client or relay. relay.md §9 */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

const LOCKFILE = new URL("../pnpm-lock.yaml", import.meta.url)

/** The first version without the hole. */
const PINS = {
  // Tiny fragments exhaust memory under `maxPayload` (CVE-2026-48779).
  ws: [8, 21, 0],
  // Crafted attachments exhaust memory, of clients too (CVE-2026-33151, CVE-2026-69185).
  "socket.io-parser": [4, 2, 7],
  // Brings the `ws` above.
  "engine.io": [6, 6, 9],
} as const

const versionsIn = (lockfile: string, name: string): number[][] => {
  const packages = lockfile.slice(lockfile.indexOf("\npackages:"), lockfile.indexOf("\nsnapshots:"))
  const line = new RegExp(`^  '?${name.replaceAll(".", "\\.")}@(\\d+)\\.(\\d+)\\.(\\d+)'?:`, "gm")
  return [...packages.matchAll(line)].map((match) => match.slice(1).map(Number))
}

const isOlder = (version: readonly number[], than: readonly number[]): boolean => {
  const at = than.findIndex((number, i) => version[i] !== number)
  return at !== -1 && (version[at] ?? 0) < (than[at] ?? 0)
}

describe("the lockfile", () => {
  const lockfile = readFileSync(LOCKFILE, "utf8")

  it.each(Object.entries(PINS))("has no %s below its pin", (name, pin) => {
    const versions = versionsIn(lockfile, name)
    expect(versions).not.toEqual([])
    expect(versions.filter((version) => isOlder(version, pin))).toEqual([])
  })

  it("would be found out", () => {
    const old = "\npackages:\n\n  ws@8.20.9:\n\n  ws@8.21.0:\n\n  socket.io-parser@4.2.6:\n\nsnapshots:\n"
    expect(versionsIn(old, "ws").map((version) => isOlder(version, PINS.ws))).toEqual([true, false])
    expect(versionsIn(old, "socket.io-parser").map((v) => isOlder(v, PINS["socket.io-parser"]))).toEqual([
      true,
    ])
  })
})
