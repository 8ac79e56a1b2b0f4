/** A page with a script made of our sources, served from this machine: enough for the browser to trust it. */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const ROOT = fileURLToPath(new URL("../../../", import.meta.url))

export interface Served extends AsyncDisposable {
  readonly url: string
}

/** `/` has every name that `entry` exports in `inPage`; `/worker.js` is the second entry, `files` are WebAssembly by path. */
export const servePage = async (
  entry: URL,
  worker?: URL,
  files: Readonly<Record<string, URL>> = {},
): Promise<Served> => {
  const bundle = async (file: URL, globalName: string): Promise<string> => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(file)],
      absWorkingDir: ROOT,
      bundle: true,
      write: false,
      format: "iife",
      globalName,
      platform: "browser",
      target: "es2022",
      conditions: ["@securechat/source", "browser"],
      // A script that is no module has no address of its own.
      define: { "import.meta.url": "location.href" },
      logLevel: "warning",
    })
    return outputFiles[0]!.text
  }
  const script = await bundle(entry, "inPage")
  const scripts = new Map([["/page.js", script]])
  if (worker !== undefined) scripts.set("/worker.js", await bundle(worker, "unused"))
  const page = '<!doctype html><meta charset="utf-8"><title>page</title><script src="/page.js"></script>'
  const server = createServer((request, response) => {
    const file = files[request.url ?? ""]
    if (file !== undefined) {
      response.setHeader("content-type", "application/wasm")
      response.end(readFileSync(file))
      return
    }
    const found = scripts.get(request.url ?? "")
    response.setHeader("content-type", found === undefined ? "text/html" : "text/javascript; charset=utf-8")
    response.end(found ?? page)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}
