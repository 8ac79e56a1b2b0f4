/**
 * The import matrix bites: in a copy of the tree with nothing but planted imports, every forbidden one is refused
 * under the name of its row, and every allowed one passes.
 */
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { CORE, PACKAGES } from "../layers.config.js"

interface Row {
  readonly name: string
  readonly level: number
  readonly core: readonly string[] | "all-below"
  readonly types?: readonly string[] | "all-below"
  readonly files?: Readonly<Record<string, readonly string[]>>
}
interface Plant {
  readonly rule: string
  readonly file: string
  readonly code: string
}

const root = fileURLToPath(new URL("..", import.meta.url))
const tree = mkdtempSync(join(tmpdir(), "layers-"))
const rows = CORE as readonly Row[]
const SINGLE_FILES = new Set(["errors", "limits", "deps", "index"])

const list = (row: Row, of: readonly string[] | "all-below" | undefined): readonly string[] =>
  of === "all-below" ? rows.filter((other) => other.level < row.level).map((other) => other.name) : (of ?? [])
const allowedIn = (row: Row): readonly string[] => list(row, row.core)
const typesIn = (row: Row): readonly string[] => list(row, row.types)
const inside = (name: string, file: string): string =>
  join("packages/core/src", SINGLE_FILES.has(name) ? "" : name, file)
const target = (row: Row, name: string): string =>
  `${SINGLE_FILES.has(row.name) ? "./" : "../"}${SINGLE_FILES.has(name) ? name : `${name}/index`}.ts`
const own = (row: Row, file: string): string =>
  SINGLE_FILES.has(row.name) ? inside(row.name, `${row.name}.ts`) : inside(row.name, file)

/** The nearest row this one may not touch at all: a neighbour on its level, else one above, else one below. */
function forbiddenIn(row: Row): string {
  const free = new Set([row.name, ...allowedIn(row), ...typesIn(row)])
  const others = rows.filter((other) => !free.has(other.name))
  const near = others.toSorted((a, b) => Math.abs(a.level - row.level) - Math.abs(b.level - row.level))
  return near[0]?.name ?? ""
}

const sideways: readonly Plant[] = rows
  .filter((row) => forbiddenIn(row) !== "")
  .map((row) => ({
    rule: `core/${row.name}`,
    file: own(row, "planted.ts"),
    code: `import "${target(row, forbiddenIn(row))}"\n`,
  }))
const valueOfTypes: readonly Plant[] = rows
  .filter((row) => Array.isArray(row.types))
  .flatMap((row) =>
    typesIn(row).map((name) => ({
      rule: `core/${row.name} types of ${name}`,
      file: own(row, `planted-types-${name}.ts`),
      code: `import { x } from "${target(row, name)}"\nexport const y = x\n`,
    })),
  )
const packages: readonly Plant[] = [
  {
    rule: "core/index/index.ts types of ratchet",
    file: "packages/core/src/index.ts",
    code: `import { x } from "./ratchet/index.ts"\nexport const y = x\n`,
  },
  ...["core", "core/fernet", "transport-ws/server"].map((name, i) => ({
    rule: "server",
    file: `packages/server/src/planted-${String(i)}.ts`,
    code: `import "@securechat/${name}"\n`,
  })),
  ...["core", "core/identity"].map((name, i) => ({
    rule: "transport-ws",
    file: `packages/transport-ws/src/planted-${String(i)}.ts`,
    code: `import "@securechat/${name}"\n`,
  })),
  { rule: "testkit npm", file: "packages/testkit/src/planted.ts", code: `import "node:fs"\n` },
  {
    rule: "core/ratchet npm",
    file: "packages/core/src/ratchet/planted-npm.ts",
    code: `import "node:crypto"\n`,
  },
  {
    rule: "core/primitives npm",
    file: "packages/core/src/primitives/planted-npm.ts",
    code: `import "node:crypto"\n`,
  },
  {
    rule: "core stands alone",
    file: "packages/core/src/wire/planted-up.ts",
    code: `import "@securechat/testkit"\n`,
  },
  {
    rule: "unknown core folder",
    file: "packages/core/src/utils/planted.ts",
    code: `import "../errors.ts"\n`,
  },
  {
    rule: "public names",
    file: "packages/server/src/planted-deep.ts",
    code: `import "../../core/src/wire/index.ts"\n`,
  },
  {
    rule: "public names from tests",
    file: "tests/planted.ts",
    code: `import "../packages/core/src/index.ts"\n`,
  },
  { rule: "resolvable", file: "packages/testkit/src/planted-lost.ts", code: `import "./lost.ts"\n` },
  {
    rule: "no cycles",
    file: "packages/core/src/ratchet/planted-a.ts",
    code: `import "./planted-b.ts"\nexport const x = 1\n`,
  },
]
const plants: readonly Plant[] = [...sideways, ...valueOfTypes, ...packages]

const allowed: readonly Plant[] = rows
  .filter((row) => !SINGLE_FILES.has(row.name))
  .map((row) => ({
    rule: `core/${row.name}`,
    file: inside(row.name, "allowed.ts"),
    code:
      allowedIn(row)
        .map((name) => `import "${target(row, name)}"\n`)
        .join("") +
      typesIn(row)
        .map(
          (name, i) =>
            `import type { x as x${String(i)} } from "${target(row, name)}"\nexport type X${String(i)} = typeof x${String(i)}\n`,
        )
        .join(""),
  }))

function put(file: string, code: string): void {
  mkdirSync(dirname(join(tree, file)), { recursive: true })
  writeFileSync(join(tree, file), code)
}

/** A tree of empty modules with the real package.json files, linked as the workspace links them. */
function grow(): void {
  for (const name of ["core", ...PACKAGES.map((row) => row.name)]) {
    const manifest = `packages/${name}/package.json`
    mkdirSync(join(tree, "packages", name), { recursive: true })
    cpSync(join(root, manifest), join(tree, manifest))
    const { exports } = JSON.parse(readFileSync(join(root, manifest), "utf8")) as {
      exports: Record<string, Record<string, string>>
    }
    for (const entry of Object.values(exports)) {
      const source = entry["@securechat/source"]
      if (source !== undefined) put(join("packages", name, source), "export const x = 1\n")
    }
    mkdirSync(join(tree, "node_modules/@securechat"), { recursive: true })
    symlinkSync(join(tree, "packages", name), join(tree, "node_modules/@securechat", name))
  }
  for (const row of rows)
    put(inside(row.name, SINGLE_FILES.has(row.name) ? `${row.name}.ts` : "index.ts"), "export const x = 1\n")
  put("tests/index.ts", "export const x = 1\n")
  put("packages/core/src/ratchet/planted-b.ts", `import "./planted-a.ts"\n`)
}

const cruise = async (): Promise<Map<string, string[]>> => {
  const output = await new Promise<string>((resolve) => {
    const bin = join(root, "node_modules/.bin/depcruise")
    const args = [
      "packages",
      "tests",
      "--config",
      join(root, ".dependency-cruiser.cjs"),
      "--output-type",
      "json",
    ]
    // It exits with the number of violations, which is what is wanted here.
    execFile(bin, args, { cwd: tree, maxBuffer: 1 << 28 }, (_error, stdout) => {
      resolve(stdout)
    })
  })
  const { summary } = JSON.parse(output) as {
    summary: { violations: { from: string; rule: { name: string } }[] }
  }
  const found = new Map<string, string[]>()
  for (const { from, rule } of summary.violations) found.set(from, [...(found.get(from) ?? []), rule.name])
  return found
}

describe("the import matrix", () => {
  let found = new Map<string, string[]>()
  const clean = new Map<string, string[]>()
  beforeAll(async () => {
    grow()
    for (const plant of allowed) put(plant.file, plant.code)
    for (const [file, rules] of await cruise()) clean.set(file, rules)
    for (const plant of plants) put(plant.file, plant.code)
    found = await cruise()
  })
  afterAll(() => {
    rmSync(tree, { recursive: true, force: true })
  })

  test("reaches every row: each has a place it may not import from", () => {
    const without = rows.filter((row) => forbiddenIn(row) === "").map((row) => row.name)
    // The public surface may name any type; its own plant is the value of a protocol folder.
    expect(without).toEqual(["index"])
  })
  test.each(plants.map((plant) => [plant.file, plant.rule] as const))(
    "refuses %s by the rule '%s'",
    (file, rule) => {
      expect(found.get(file) ?? []).toContain(rule)
    },
  )
  test.each(allowed.map((plant) => [plant.file] as const))(
    "lets %s import everything its row allows",
    (file) => {
      expect(clean.get(file) ?? []).toEqual([])
    },
  )
})
