/** What a browser loads before the first message, gzipped. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"

const peers = fileURLToPath(new URL("peers/node_modules/", import.meta.url))
const gzipped = (...files: readonly string[]): number =>
  files.reduce((sum, file) => sum + gzipSync(readFileSync(peers + file), { level: 9 }).length, 0)
const size = (measure: () => number | Promise<number>): { measure: () => Promise<number> } => ({
  measure: async () => measure(),
})

/** A chat on a memory store over WebSocket, from the sources. */
async function ours(): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export { SecureChat, memoryStore } from "@securechat/core"',
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@securechat/source"],
  })
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length
}

const matrix = "@matrix-org/matrix-sdk-crypto-wasm/"
export const tasks = {
  ours: () => size(ours),
  matrix: () =>
    size(() =>
      gzipped(`${matrix}pkg/matrix_sdk_crypto_wasm_bg.wasm`, `${matrix}pkg/matrix_sdk_crypto_wasm_bg.js`),
    ),
  olm: () => size(() => gzipped("@matrix-org/olm/olm.wasm", "@matrix-org/olm/olm.js")),
  /** The target in bytes: 60 kB. */
  budget: () => size(() => 60_000),
}
