/**
 * Where third-party test vectors are. Their licences differ, so they are never part of this repository:
 * the folder is named by SECURECHAT_VECTORS, else it is `../shared/vectors` beside the checkout.
 */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { gunzipSync } from "node:zlib"

const CHECKOUT = resolve(import.meta.dirname, "../../../..")
export const BESIDE: string = resolve(CHECKOUT, "../shared/vectors")

/**
 * @param named the value of SECURECHAT_VECTORS; a relative path counts from the checkout.
 * @returns the folder, or undefined where nothing was named and nothing lies beside the checkout.
 * @throws when a folder was named that does not exist: a typing error must not look like a skip.
 */
export const findVectors = (named: string | undefined, beside: string): string | undefined => {
  if (named === undefined || named === "") return existsSync(beside) ? beside : undefined
  const folder = resolve(CHECKOUT, named)
  if (!existsSync(folder)) throw new Error(`SECURECHAT_VECTORS names ${folder}, which does not exist`)
  return folder
}

export const SKIPPED =
  "!! SKIPPED third-party test vectors: set SECURECHAT_VECTORS to their folder, or put it at ../shared/vectors"

/** Cases run so far, by file; printed when all is done. */
const ran = new Map<string, { readonly cases: number; readonly runs: number }>()

/** The files of one folder of vectors. Every reading is counted, and a file without cases is a failure. */
export class Vectors {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** What a file holds, as its README describes it: say what you expect with `as`. */
  json(file: string): unknown {
    return JSON.parse(this.text(file))
  }
  text(file: string): string {
    const bytes = readFileSync(join(this.#folder, file))
    return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8")
  }
  /** Note that all `cases` of a file ran once more; `expected` is the number its README gives. */
  ran(file: string, cases: number, expected: number): void {
    if (cases !== expected) throw new Error(`${file} has ${cases} cases, not ${expected}`)
    ran.set(file, { cases, runs: (ran.get(file)?.runs ?? 0) + 1 })
  }
}

/** One line per file: cases, and how often they ran (once per back end). */
export const report = (): string => {
  const lines = [...ran].map(([file, { cases, runs }]) => `${String(cases).padStart(6)} × ${runs}  ${file}`)
  const total = [...ran.values()].reduce((sum, { cases, runs }) => sum + cases * runs, 0)
  return [...lines, `${String(total).padStart(6)}      in ${ran.size} files`].join("\n")
}
