/**
 * Every ```ts block in README.md and docs/ compiles against the built packages, as their users see them, and the first
 * block under README's "quick start" heading is also run, twice. Each block is a module of its own; a signature that is
 * no program belongs in a ```text block. Where the quick start speaks to localhost:5000, it meets a relay on a free port.
 */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { stripTypeScriptTypes } from "node:module"
import { fileURLToPath } from "node:url"
import ts from "typescript"

interface Block {
  /** `README.md:42`: where the block begins. */
  readonly place: string
  readonly code: string
  readonly heading: string
}

const root = fileURLToPath(new URL("..", import.meta.url))
/** The blocks are compiled as if they lay here: `tests` depends on every package by its public name. */
const home = join(root, "tests")
const QUICK_START_MS = 30_000

const pages = (): string[] => {
  const docs = join(root, "docs")
  const found = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: "utf8" }) : []
  return ["README.md", ...found.filter((name) => name.endsWith(".md")).map((name) => join("docs", name))]
}

function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let heading = ""
  let open: { line: number; lines: string[]; wanted: boolean } | undefined
  for (const [index, line] of readFileSync(join(root, page), "utf8").split("\n").entries()) {
    const fence = /^\s*```\s*(\w*)/u.exec(line)
    if (fence !== null && open === undefined) open = { line: index + 2, lines: [], wanted: fence[1] === "ts" }
    else if (fence !== null && open !== undefined) {
      if (open.wanted)
        blocks.push({ place: `${page}:${String(open.line)}`, code: open.lines.join("\n"), heading })
      open = undefined
    } else if (open !== undefined) open.lines.push(line)
    else if (line.startsWith("#")) heading = line
  }
  return blocks
}

/** Messages of the compiler, with the page's own line numbers. */
function compile(blocks: readonly Block[]): string[] {
  const files = new Map(blocks.map((block, i) => [join(home, `docs-block-${String(i)}.ts`), block]))
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2024.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.esnext.disposable.d.ts"],
    types: ["node"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name)?.code ?? readFile(name)
  host.getSourceFile = (name, target) => {
    const text = host.readFile(name)
    return text === undefined ? undefined : ts.createSourceFile(name, text, target)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return ts.getPreEmitDiagnostics(program).map((problem) => {
    const text = ts.flattenDiagnosticMessageText(problem.messageText, "\n")
    const block = problem.file === undefined ? undefined : files.get(problem.file.fileName)
    if (block === undefined || problem.file === undefined) return `${problem.file?.fileName ?? ""} ${text}`
    const { line } = problem.file.getLineAndCharacterOfPosition(problem.start ?? 0)
    const [page = "", first = "1"] = block.place.split(":")
    return `${page}:${String(Number(first) + line)} ${text}`
  })
}

/** Ends by itself with 0, in time; what it printed comes back. */
function runFile(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: QUICK_START_MS,
    })
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part: Buffer) => (output += part.toString()))
    child.on("error", reject)
    child.on("close", (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`the quick start ended with ${String(code)}:\n${output}`))
    })
  })
}

async function runQuickStart(block: Block): Promise<void> {
  const folder = join(home, "node_modules/.quick-start")
  const file = join(folder, "quick-start.mjs")
  mkdirSync(folder, { recursive: true })
  let code = stripTypeScriptTypes(block.code)
  let close = async (): Promise<void> => {}
  if (/localhost:5000/u.test(code)) {
    const { createRelay } = await import("@securechat/server")
    const relay = createRelay({ port: 0 })
    const { port } = await relay.listen()
    code = code.replaceAll("localhost:5000", `localhost:${String(port)}`)
    close = () => relay.close()
  }
  writeFileSync(file, code)
  try {
    for (const time of ["first", "second"]) console.log(`${time} run: ${(await runFile(file)).trim()}`)
  } finally {
    await close()
  }
}

const blocks = pages().flatMap(blocksOf)
const problems = compile(blocks)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`${String(blocks.length)} blocks in ${String(pages().length)} pages compile`)
const quickStart = blocks.find(
  ({ place, heading }) => place.startsWith("README.md") && /quick ?start|ten lines/iu.test(heading),
)
if (quickStart === undefined)
  console.log(`!! ${relative(root, join(root, "README.md"))} has no quick start to run yet`)
else await runQuickStart(quickStart)
