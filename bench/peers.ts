/** Brings the contestants, which `npm start` never installs, and says which versions they are. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("peers/", import.meta.url))
const boot = readFileSync(new URL("../scripts/boot.mjs", import.meta.url), "utf8")

/** The pnpm that `boot.mjs` pins. Frozen: a comparison against whatever came out today cannot be repeated. */
export function installPeers(): void {
  const pnpm = /pnpm@[\d.]+/.exec(boot)?.[0] ?? "pnpm"
  const done = spawnSync("npm", ["exec", "--yes", "--", pnpm, "install", "--frozen-lockfile", "--silent"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  })
  if (done.status !== 0)
    console.log("  !! the contestants from npm could not be installed: their rows will say so")
}

/** Whatever its exit code is: Mosquitto tells its version with a 3. */
const said = (program: string, ...args: readonly string[]): string | undefined => {
  const { stdout, error } = spawnSync(program, args, { encoding: "utf8" })
  return error === undefined && stdout !== "" ? stdout.trim() : undefined
}
const installed = (name: string): string | undefined => {
  try {
    const manifest = readFileSync(new URL(`peers/node_modules/${name}/package.json`, import.meta.url), "utf8")
    return (JSON.parse(manifest) as { readonly version: string }).version
  } catch {
    return undefined
  }
}

/** Of a contestant by its name in the tables: the npm package before the comma, or a program. */
export function versionOf(name: string): string {
  const [what = name] = name.split(",")
  const found = {
    "Python cryptography": () =>
      said(process.env["SECURECHAT_PYTHON"] || "/usr/bin/python3", `${folder}fernet_peer.py`, "version"),
    "node:crypto": () => `Node ${process.version}, OpenSSL ${process.versions.openssl}`,
    openssl: () => said("openssl", "version")?.split(" ")[1],
    Mosquitto: () => said("mosquitto", "-h")?.match(/version ([\d.]+)/)?.[1],
    Redis: () => said("redis-server", "--version")?.match(/v=([\d.]+)/)?.[1],
  }[what]
  if (name === "60 kB") return ""
  return (found === undefined ? installed(what.split(" ")[0] ?? what) : found()) ?? "not installed"
}
