/** The table check bites: pages made from the code pass, and each planted difference is named. */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, describe, expect, test } from "vitest"
import * as limits from "../packages/core/src/limits.ts"
import { LABELS } from "../packages/core/src/primitives/labels.ts"
import * as tags from "../packages/core/src/wire/tags.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const row = (name: string, value: unknown): string =>
  `| \`${name}\` | ${Number(value).toLocaleString("en")} | why |\n`
const codes = [
  ...readFileSync(join(root, "packages/core/src/errors.ts"), "utf8").matchAll(/\| "(ERR_\w+)"/gu),
]

/** The four pages as they would be if they told the truth. */
const pages = (): Record<string, string> => ({
  "errors.md": codes.map(([, code = ""]) => `### ${code}\n`).join("\n"),
  "limits.md": Object.entries(limits)
    .map(([name, value]) => row(name, value))
    .join(""),
  "wire-format.md": Object.entries(tags)
    .flatMap(([name, value]) =>
      typeof value === "number"
        ? [row(name, value)]
        : Object.entries(value).map(([entry, n]) => row(`${name}.${entry}`, n)),
    )
    .join(""),
  "protocol.md": `# Protocol\n\n## 16. Label registry\n\n${Object.values(LABELS)
    .map((label) => `- \`${label}\``)
    .join("\n")}\n\n## 17. Next\n`,
})

async function check(written: Record<string, string>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tables-"))
  folders.push(folder)
  mkdirSync(join(folder, "docs"))
  for (const [page, text] of Object.entries(written)) writeFileSync(join(folder, "docs", page), text)
  return new Promise((resolve) => {
    const args = ["--conditions=@securechat/source", join(root, "scripts/check-tables.ts"), folder]
    execFile(process.execPath, args, (_error, stdout, stderr) => {
      resolve(stdout + stderr)
    })
  })
}

describe("the table check", () => {
  test("accepts pages that say what the code says", async () => {
    expect(await check(pages())).toBe("")
  })
  test.each([
    ["errors.md", "### ERR_CLOSED\n", "", "no heading for ERR_CLOSED"],
    ["errors.md", "### ERR_CLOSED\n", "### ERR_CLOSED\n\n### ERR_ODD\n", "ERR_ODD is not in the code"],
    [
      "limits.md",
      row("MAX_DEVICES", 10),
      row("MAX_DEVICES", 11),
      "MAX_DEVICES is 10 in code and 11 on the page",
    ],
    ["limits.md", row("MAX_DEVICES", 10), "", "missing, add"],
    [
      "limits.md",
      row("MAX_DEVICES", 10),
      row("MAX_DEVICES", 10) + row("MAX_ODD", 1),
      "MAX_ODD is not in the code",
    ],
    [
      "wire-format.md",
      row("FRAME_TYPE.bye", 7),
      row("FRAME_TYPE.bye", 8),
      "FRAME_TYPE.bye is 7 in code and 8",
    ],
    ["protocol.md", "- `securechat/v1/leaf`\n", "", "securechat/v1/leaf is not in the registry"],
    [
      "protocol.md",
      "v1/leaf`\n",
      "v1/leaf`\n- `securechat/v1/odd`\n",
      "securechat/v1/odd is not in the code",
    ],
  ])("names the difference planted in %s: %j becomes %j", async (page, before, after, problem) => {
    const written = pages()
    expect(written[page]).toContain(before)
    written[page] = (written[page] ?? "").replace(before, after)
    expect(await check(written)).toContain(problem)
  })
  test("refuses a missing page as soon as there are docs", async () => {
    const { "limits.md": _left, ...others } = pages()
    expect(await check(others)).toContain("docs/limits.md is missing")
  })
})
