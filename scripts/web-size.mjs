// First load of the web app: the page and everything it names, gzipped as a server would send it. Parts that are only
// loaded on demand do not count.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { webDist } from "./build-web.mjs"

const LIMIT_BYTES = 130_000

const page = readFileSync(join(webDist, "index.html"))
const named = Array.from(
  page.toString().matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="(?!data:)([^"]+)"/g),
  ([, path]) => path,
)
const sizes = [
  ["index.html", page],
  ...named.map((path) => [path, readFileSync(join(webDist, new URL(path, "http://page/").pathname))]),
].map(([name, bytes]) => [name, gzipSync(bytes).length])

const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0)
for (const [name, bytes] of sizes) console.log(`${String(bytes).padStart(8)} ${name}`)
console.log(`${String(total).padStart(8)} of ${LIMIT_BYTES} bytes, gzipped`)
if (total > LIMIT_BYTES || named.length === 0) {
  console.error(
    named.length === 0 ? "the page names no script" : "the first load of the web app is too large",
  )
  process.exit(1)
}
