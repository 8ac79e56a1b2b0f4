/**
 * Tags, labels, limits and error codes equal their tables in docs, both ways. The forms it reads:
 *
 * - docs/errors.md: one heading per code, `### ERR_CLOSED` (any level, backticks allowed).
 * - docs/limits.md: table rows that begin with the constant and its value: `| `MAX_DEVICES` | 10 | … |`. Bytes, milliseconds
 *   or a count as in `limits.ts`; thousands may be parted by commas, and text may follow the figure.
 * - docs/wire-format.md: the same, with `| `FRAME_TYPE.hello` | 0x01 | … |` for each entry of `wire/tags.ts` and
 *   `| `PROTOCOL_VERSION` | 0x01 | … |` for single numbers.
 * - docs/protocol.md: under the heading that holds "Label registry", every label in full: `securechat/v1/account-id`.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as limits from "../packages/core/src/limits.ts"
import { LABELS } from "../packages/core/src/primitives/labels.ts"
import * as tags from "../packages/core/src/wire/tags.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
/** Folder that holds `docs/`; another one than the root is for the test of this check. */
const pagesRoot = process.argv[2] ?? root
const problems: string[] = []
const read = (page: string): string => readFileSync(join(pagesRoot, page), "utf8")

/** Both directions; `what` names the side an entry is missing from. */
function same(page: string, code: ReadonlyMap<string, number>, doc: ReadonlyMap<string, number>): void {
  for (const [name, value] of code) {
    const written = doc.get(name)
    if (written === undefined)
      problems.push(`${page}: missing, add  | \`${name}\` | ${value.toLocaleString("en")} | … |`)
    else if (written !== value)
      problems.push(`${page}: ${name} is ${String(value)} in code and ${String(written)} on the page`)
  }
  for (const name of doc.keys()) if (!code.has(name)) problems.push(`${page}: ${name} is not in the code`)
}

/** Rows whose first cell is a code name and whose second begins with a number. */
function rows(page: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of read(page).split("\n")) {
    const row = /^\|\s*`([A-Z][A-Z0-9_]+(?:\.\w+)?)`\s*\|\s*`?(0x[\da-f]+|0b[01]+|[\d,._]+)/iu.exec(line)
    if (row === null) continue
    const [, name = "", value = ""] = row
    if (found.has(name)) problems.push(`${page}: ${name} stands there twice`)
    found.set(name, Number(value.replaceAll(/[,_]/gu, "")))
  }
  return found
}

/** Numbers by name; the entries of a table as `TABLE.entry`. Tables of anything else are not on the page. */
function numbers(module: Readonly<Record<string, unknown>>): Map<string, number> {
  const found = new Map<string, number>()
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === "number") found.set(name, value)
    if (typeof value !== "object" || value === null) continue
    for (const [entry, inner] of Object.entries(value))
      if (typeof inner === "number") found.set(`${name}.${entry}`, inner)
  }
  return found
}

function checkTags(): void {
  for (const [table, value] of Object.entries(tags)) {
    if (typeof value !== "object") continue
    const values: readonly number[] = Object.values(value)
    if (new Set(values).size !== values.length) problems.push(`wire/tags.ts: ${table} uses a number twice`)
  }
  same("docs/wire-format.md", numbers(tags), rows("docs/wire-format.md"))
}

function checkErrors(): void {
  const [, union = ""] =
    /export type ErrorCode =([\s\S]*?)\n\n/u.exec(
      readFileSync(join(root, "packages/core/src/errors.ts"), "utf8"),
    ) ?? []
  const codes = new Set(Array.from(union.matchAll(/"(ERR_\w+)"/gu), ([, code = ""]) => code))
  if (codes.size === 0) problems.push("errors.ts: the union ErrorCode was not found")
  const headings = Array.from(
    read("docs/errors.md").matchAll(/^#+\s+`?(ERR_\w+)`?/gmu),
    ([, code = ""]) => code,
  )
  if (new Set(headings).size !== headings.length) problems.push("docs/errors.md: a code has two headings")
  for (const code of codes)
    if (!headings.includes(code)) problems.push(`docs/errors.md: no heading for ${code}`)
  for (const code of headings)
    if (!codes.has(code)) problems.push(`docs/errors.md: ${code} is not in the code`)
}

function checkUniqueLabels(): void {
  const labels: readonly string[] = Object.values(LABELS)
  for (const label of labels) {
    if (labels.filter((other) => other === label).length > 1)
      problems.push(`labels.ts: ${label} is used twice`)
    if (!/^[\x21-\x7e]+$/u.test(label)) problems.push(`labels.ts: ${label} holds more than printable ASCII`)
  }
}

function checkRegistry(): void {
  const [, section = ""] =
    /^(#+ [^\n]*Label registry[\s\S]*?)(?=^#|$(?![\s\S]))/imu.exec(read("docs/protocol.md")) ?? []
  const written = new Set(Array.from(section.matchAll(/securechat\/v1\/[\w/+-]+/gu), ([label]) => label))
  const labels = new Set<string>(Object.values(LABELS))
  for (const label of labels)
    if (!written.has(label)) problems.push(`docs/protocol.md: ${label} is not in the registry`)
  for (const label of written)
    if (!labels.has(label)) problems.push(`docs/protocol.md: ${label} is not in the code`)
}

checkUniqueLabels()
const pages: readonly (readonly [page: string, check: () => void])[] = [
  ["docs/errors.md", checkErrors],
  ["docs/limits.md", () => same("docs/limits.md", numbers(limits), rows("docs/limits.md"))],
  ["docs/wire-format.md", checkTags],
  ["docs/protocol.md", checkRegistry],
]
for (const [page, check] of pages) {
  if (existsSync(join(pagesRoot, page))) check()
  else if (existsSync(join(pagesRoot, "docs"))) problems.push(`${page} is missing`)
  else console.log(`!! ${page} is not written yet`)
}
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
