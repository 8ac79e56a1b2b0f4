/** Serves the page, and the client of one folder, bundled. The same before and after. */
import { readFileSync } from "node:fs"
import { type Server, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { build } from "esbuild"

export const serve = async (folder: string): Promise<Server> => {
  const page = readFileSync(join(import.meta.dirname, "page.html"))
  const { outputFiles } = await build({
    entryPoints: [join(folder, "client.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    // In this repository only: from the packages' sources, so that nothing has to be built before.
    conditions: ["@securechat/source"],
  })
  const script = outputFiles[0]?.contents
  const server = createServer((request, response) => {
    const isScript = request.url === "/client.js"
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8")
    response.end(isScript ? script : page)
  })
  server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    console.log(`Open http://localhost:${port}/?name=ada and http://localhost:${port}/?name=bo`)
  })
  return server
}
