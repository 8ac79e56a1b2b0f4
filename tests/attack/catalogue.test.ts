/** Keeps the list of attacks whole: every row owed today has a test or a named reason, and no test names an unknown row. */
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { CATALOGUE } from "./catalogue.ts"
import { OWED, REMAINDERS } from "./owed.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const files = globSync(
  [
    ...["packages/*/{src,test}/**/*.test.ts", "tests/**/*.test.ts", "examples/*/src/**/*.test.{ts,tsx}"],
    "packages/server/test/suites/*.ts",
  ],
  {
    cwd: root,
    exclude: (path) => /node_modules|reports|catalogue\.test\.ts$/.test(path),
  },
)

/** Ids at the beginning of test names: `it("[A4] …`, also several: `[A4] [B5] …`. Skipped tests do not count. */
const NAMED = /\bit(?:\.each\([^)]*\))?\(\s*[`"']((?:\[[A-HR]\d+\]\s*)+)/g

const text = (file: string): string => readFileSync(join(root, file), "utf8")

const coverage = (): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>()
  for (const file of files)
    for (const [, ids = ""] of text(file).matchAll(NAMED))
      for (const [id] of ids.matchAll(/[A-HR]\d+/g)) found.set(id, [...(found.get(id) ?? []), file])
  return found
}

/** Files of rows that a file of their own runs once more over Socket.IO. */
const overSocketIo = (): ReadonlySet<string> =>
  new Set(
    files
      .filter((file) => /\bgoBy\("socket\.io"\)/.test(text(file)))
      .flatMap((file) =>
        [...text(file).matchAll(/\bimport\("(\.[^"]+)"\)/g)].map(([, path = ""]) =>
          join(dirname(file), path),
        ),
      ),
  )

/** Files that a file imports, from beside it on. */
const importsOf = (file: string): readonly string[] =>
  [...text(file).matchAll(/\b(?:from |import\()"(\.[^"]+)"/g)].map(([, path = ""]) =>
    join(dirname(file), path),
  )

/** Files of rows that run where mail lies in SQLite and in Redis: they name both, or are imported by files that do. */
const onEachMailbox = (): ReadonlySet<string> => {
  const importers = Map.groupBy(
    files.flatMap((file) => importsOf(file).map((imported) => ({ file, imported }))),
    ({ imported }) => imported,
  )
  const runs = (file: string, kind: string): boolean =>
    [file, ...(importers.get(file) ?? []).map((one) => one.file)].some((one) =>
      `${one} ${text(one)}`.toLowerCase().includes(kind),
    )
  return new Set(files.filter((file) => ["sqlite", "redis"].every((kind) => runs(file, kind))))
}

describe("the attack catalogue", () => {
  const found = coverage()

  it("has each id once", () => {
    expect(new Set(CATALOGUE.map((row) => row.id)).size).toBe(CATALOGUE.length)
  })

  it("knows every id that a test names", () => {
    const known = new Set(CATALOGUE.map((row) => row.id))
    expect([...found.keys()].filter((id) => !known.has(id))).toEqual([])
  })

  it("has a test, or a named reason, for every row owed today", () => {
    const now = CATALOGUE.filter((row) => row.stage === "now")
    const missing = now.filter((row) => !found.has(row.id) && OWED[row.id] === undefined)
    expect(missing.map((row) => `${row.id} ${row.title}`)).toEqual([])
  })

  it("has a test over both transports for every row that depends on them", () => {
    const both = overSocketIo()
    expect(both.size).toBeGreaterThan(5)
    const single = CATALOGUE.filter(
      ({ id, overBoth }) => overBoth === true && !(found.get(id) ?? []).some((file) => both.has(file)),
    )
    expect(single.map(({ id, title }) => `${id} ${title}`)).toEqual([])
  })

  it("has a test on each kind of mailbox for every row that depends on them", () => {
    const each = onEachMailbox()
    const single = CATALOGUE.filter(
      ({ id, onEach }) => onEach === true && !(found.get(id) ?? []).some((file) => each.has(file)),
    )
    expect(single.map(({ id, title }) => `${id} ${title}`)).toEqual([])
  })

  it("owes nothing that is tested, unknown or not yet due", () => {
    const due = new Set(CATALOGUE.filter((row) => row.stage === "now").map((row) => row.id))
    expect(Object.keys(OWED).filter((id) => found.has(id) || !due.has(id))).toEqual([])
  })

  it("owes the rest of a row only where a part is tested", () => {
    expect(Object.keys(REMAINDERS).filter((id) => !found.has(id))).toEqual([])
  })

  it("rests on no test that is switched off", () => {
    const off = files.filter((file) => /\b(?:it|test|describe)\.(?:skip|todo|only)\(/.test(text(file)))
    expect(off).toEqual([])
  })

  it("prints what covers what", () => {
    const lines = CATALOGUE.filter((row) => row.stage === "now").map(({ id }) => {
      const tests = found.get(id) ?? []
      const where = [...new Set(tests)].map((file) => `${file} × ${tests.filter((of) => of === file).length}`)
      const rest = REMAINDERS[id] === undefined ? [] : [`owed: ${REMAINDERS[id]}`]
      return `${id.padEnd(4)} ${tests.length === 0 ? `owed: ${OWED[id] ?? "?"}` : [...where, ...rest].join(", ")}`
    })
    process.stdout.write(`${lines.join("\n")}\n`)
    expect(lines.length).toBeGreaterThan(80)
  })
})
