/** Code out of the written pages, run as a reader would run it. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

/** The first `ts` block of a page that holds `marker`. */
export const docsBlock = (page: string, marker: string): string => {
  const text = readFileSync(`${ROOT}${page}`, "utf8")
  const block = [...text.matchAll(/^```ts\n(.*?)^```$/gmsu)].map(([, code = ""]) => code)
  const found = block.find((code) => code.includes(marker))
  if (found === undefined) throw new Error(`${page} has no block with ${marker}`)
  return found
}

/** One module with everything it imports, from the sources of the packages. */
export const bundled = async (code: string, platform: "browser" | "node"): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents: code, loader: "ts", resolveDir: `${ROOT}tests` },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform,
    conditions: ["@securechat/source"],
    logLevel: "silent",
  })
  return outputFiles[0]!.text
}
