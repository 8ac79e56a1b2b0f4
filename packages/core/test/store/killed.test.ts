/** Real processes with a SQLite store, killed wherever they happen to be. */
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import { sqliteStore } from "@securechat/core/store/sqlite"
import { afterAll, describe, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "securechat-killed-"))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const ROUNDS = Number(process.env["KILLED_ROUNDS"] ?? 8)
const PLACES = 100
const SCRIPT = new URL("write-forever.ts", import.meta.url).pathname
const OPTIONS = ["--conditions=@securechat/source", "--disable-warning=ExperimentalWarning"]

/** Runs the writer until it has stored `batches`, then kills it on its way into the next. Gives what it said last. */
const writeAndDie = async (path: string, first: number, batches: number): Promise<number> => {
  const child = spawn(process.execPath, [...OPTIONS, SCRIPT, path, String(first), String(PLACES)])
  let said = first - 1
  let complaints = ""
  child.stderr.on("data", (data: Buffer) => (complaints += data.toString()))
  const lines = createInterface({ input: child.stdout })
  lines.on("line", (line) => {
    said = Number(line)
    if (said === first + batches) child.kill("SIGKILL")
  })
  await once(lines, "close")
  expect(complaints).toBe("")
  return said
}

describe("a SQLite store whose process is killed", () => {
  it(
    "holds one whole batch afterwards: the last that resolved, or the one it was in",
    { timeout: 20_000 + ROUNDS * 5_000 },
    async () => {
      const path = join(folder, "killed.db")
      let next = 1
      for (let round = 0; round < ROUNDS; round++) {
        const said = await writeAndDie(path, next, round)
        const store = sqliteStore(path)
        const found = new Set<number>()
        let places = 0
        for await (const [[, , name = ""], value] of store.list(["place"])) {
          places += 1
          // The low byte of the number that was written, and the name where it has one.
          found.add(value[0] ?? -1)
          if (name !== "always") expect(Number(name) & 255).toBe(value[0])
          expect(value.every((byte) => byte === value[0])).toBe(true)
        }
        await store.close?.()
        expect(places).toBe(PLACES)
        expect(found.size).toBe(1)
        const [kept = -1] = found
        expect([said & 255, (said + 1) & 255]).toContain(kept)
        next = kept === (said & 255) ? said + 1 : said + 2
      }
    },
  )
})

describe("a SQLite store whose writes the system refuses", () => {
  it("[D10] fails the whole batch, keeps what was stored, and takes the next one", async () => {
    const script = new URL("write-refused.ts", import.meta.url).pathname
    const path = join(folder, "refused.db")
    // Blocks of 512 bytes: files of a million bytes at most.
    const limited = 'ulimit -f 2000; exec "$0" "$@"'
    const { stdout } = await promisify(execFile)("sh", [
      "-c",
      limited,
      process.execPath,
      ...OPTIONS,
      script,
      path,
    ])
    expect(JSON.parse(stdout)).toEqual(["stored", "ERR_STORE_UNAVAILABLE", 1, "stored", 3])
  })
})

describe("a SQLite store whose process is stopped in the middle of a batch", () => {
  it("is nobody else's until it goes on or ends, and then whole", { timeout: 30_000 }, async () => {
    const script = new URL("die-in-batch.ts", import.meta.url).pathname
    const path = join(folder, "stopped.db")
    const set = (value: number): object => ({ type: "set", key: ["a"], value: [value] })
    const work = { path, signal: "SIGSTOP", stored: [set(1)], torn: [set(2), { type: "delete", key: ["b"] }] }
    const child = spawn(process.execPath, [...OPTIONS, script, JSON.stringify(work)])
    const ended = once(child, "close")
    // It leaves the batch by way of the signal only.
    await once(child.stdout, "data")
    const other = sqliteStore(path)
    await expect(other.open?.({ takeover: false })).rejects.toMatchObject({ code: "ERR_OTHER_TAB" })
    await expect(other.open?.({ takeover: true })).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })
    child.kill("SIGCONT")
    expect(await ended).toEqual([0, null])
    await other.open?.({ takeover: true })
    expect(await other.get(["a"])).toEqual(Uint8Array.of(2))
    await other.close?.()
  })
})
