/** The files of `deploy/`: each is parsed, and says what operations.md promises. */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { selfSigned } from "../relay/support/certificate.ts"

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string): string => readFileSync(at(path), "utf8")
const folder = mkdtempSync(join(tmpdir(), "securechat-deploy-"))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const NGINX = process.env["NGINX"] ?? ""
const SYSTEMD = "/usr/bin/systemd-analyze"
const DRAIN_S = 20
const main = join(
  dirname(createRequire(import.meta.url).resolve("@securechat/server/package.json")),
  "src",
  "main.ts",
)
const help = execFileSync(process.execPath, ["--conditions=@securechat/source", main, "--help"], {
  encoding: "utf8",
})
/** Options that the command does not know. */
const unknown = (args: readonly string[]): readonly string[] =>
  args
    .filter((arg) => arg.startsWith("--"))
    .map((arg) => arg.replace(/=.*/, ""))
    .filter((option) => !new RegExp(`^ +${option}[ ,]`, "m").test(help))

describe("Dockerfile", () => {
  const lines = read("deploy/Dockerfile").replaceAll("\\\n", "").split("\n")
  const steps = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => /^\s*([A-Z]+)\s+(.+)$/.exec(line))
  const last = steps.slice(steps.findLastIndex((step) => step?.[1] === "FROM"))
  const argsOf = (name: string): readonly string[] => {
    const text = last.find((step) => step?.[1] === name)?.[2] ?? "[]"
    return JSON.parse(text.slice(text.indexOf("["))) as string[]
  }

  it("is made of instructions, in two stages, with the package manager of this project", () => {
    const known = [
      "FROM",
      "WORKDIR",
      "COPY",
      "ENV",
      "RUN",
      "VOLUME",
      "USER",
      "EXPOSE",
      "HEALTHCHECK",
      "ENTRYPOINT",
      "CMD",
    ]
    expect(steps.filter((step) => !known.includes(step?.[1] ?? ""))).toEqual([])
    expect(steps.filter((step) => step?.[1] === "FROM").map((step) => step?.[2])).toEqual([
      "node:24-slim AS build",
      "node:24-slim",
    ])
    const [version = "none"] = /pnpm@[\d.]+/.exec(read("scripts/pnpm.mjs")) ?? []
    expect(steps.some((step) => step?.[2]?.includes(version))).toBe(true)
  })

  it("runs the relay itself, as a user without rights, and asks it for its health", () => {
    expect(last.find((step) => step?.[1] === "USER")?.[2]).toBe("node")
    expect(argsOf("ENTRYPOINT")).toEqual(["node", "/relay/dist/main.js"])
    expect(unknown(argsOf("CMD"))).toEqual([])
    expect(argsOf("HEALTHCHECK").join(" ")).toContain("/healthz")
  })
})

describe("compose.yaml", () => {
  interface Service {
    readonly command: readonly string[]
    readonly read_only?: boolean
    readonly stop_grace_period?: string
    readonly networks: unknown
    readonly volumes?: readonly string[]
  }
  const { services } = parse(read("deploy/compose.yaml"), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>
  }
  const { "relay-a": one, "relay-b": two, redis, nginx } = services

  it("starts two relays that are the same, read-only, and given time to drain", () => {
    expect(one).toEqual(two)
    expect(unknown(one?.command ?? ["--none"])).toEqual([])
    expect(one?.read_only).toBe(true)
    expect(parseInt(one?.stop_grace_period ?? "0", 10)).toBeGreaterThan(DRAIN_S)
  })

  it("has a Redis that forgets nothing, and a proxy that the relays trust", () => {
    const flags = redis?.command.join(" ") ?? ""
    for (const flag of ["--appendonly yes", "--maxmemory-policy noeviction"]) expect(flags).toContain(flag)
    expect(one?.command).toContain("--mailbox=redis://redis:6379")
    const { inside } = nginx?.networks as { inside: { ipv4_address: string } }
    expect(one?.command).toContain(`--behind-proxy=${inside.ipv4_address}`)
    expect(nginx?.volumes?.some((volume) => volume.startsWith("./nginx.conf:"))).toBe(true)
  })
})

describe("the systemd unit", () => {
  const unit = read("deploy/securechat-relay.service")
  const settings = new Map(
    unit
      .split("\n")
      .filter((line) => line !== "" && !/^[#[]/.test(line))
      .map((line) => {
        const at = line.indexOf("=")
        return [line.slice(0, at), line.slice(at + 1)] as const
      }),
  )

  it("has a user of its own, a folder of its own, no rights, and time to drain", () => {
    for (const [name, value] of [
      ["DynamicUser", "yes"],
      ["StateDirectory", "securechat-relay"],
      ["ProtectSystem", "strict"],
      ["NoNewPrivileges", "yes"],
    ] as const)
      expect([name, settings.get(name)]).toEqual([name, value])
    expect(Number(settings.get("TimeoutStopSec"))).toBeGreaterThan(DRAIN_S)
    expect(Number(settings.get("LimitNOFILE"))).toBeGreaterThan(10_000)
    expect(unknown((settings.get("ExecStart") ?? "--none").split(" "))).toEqual([])
  })

  it.skipIf(!existsSync(SYSTEMD))("is what systemd takes, where it is there to be asked", () => {
    const copy = join(folder, "securechat-relay.service")
    writeFileSync(copy, unit.replace("/usr/bin/node /opt/securechat-relay/dist/main.js", process.execPath))
    const asked = spawnSync(SYSTEMD, ["verify", copy], { encoding: "utf8" })
    expect(asked.stderr.split("\n").filter((line) => line.includes("securechat-relay"))).toEqual([])
  })
})

describe("nginx.conf", () => {
  const text = read("deploy/nginx.conf")

  it("is whole: every directive ends, every block closes", () => {
    let depth = 0
    for (const line of text.split("\n").map((one) => one.trim())) {
      if (line === "" || line.startsWith("#")) continue
      expect(line).toMatch(/[;{}]$/)
      depth += line.endsWith("{") ? 1 : line === "}" ? -1 : 0
      expect(depth).toBeGreaterThanOrEqual(0)
    }
    expect(depth).toBe(0)
  })

  it("upgrades both paths, sets the forwarded address, and waits longer than the heartbeat", () => {
    const [, pattern = "none"] =
      /location ~ (\S+) \{\s+proxy_pass http:\/\/relays;\s+proxy_http_version 1\.1;/.exec(text) ?? []
    for (const path of ["/ws", "/socket.io/"]) expect(path).toMatch(new RegExp(pattern))
    expect(text).not.toContain("$proxy_add_x_forwarded_for")
    expect(text).toContain("proxy_set_header X-Forwarded-For $remote_addr;")
    expect(Number(/proxy_read_timeout (\d+)s/.exec(text)?.[1])).toBeGreaterThan(60)
    expect(text).toContain("ssl_protocols TLSv1.2 TLSv1.3;")
  })

  it.skipIf(NGINX === "")("is what nginx takes", () => {
    const { key, cert } = selfSigned("chat.example")
    writeFileSync(join(folder, "key.pem"), key)
    writeFileSync(join(folder, "certificate.pem"), cert)
    const copy = join(folder, "nginx.conf")
    const local = text
      .replaceAll("/etc/nginx/", `${folder}/`)
      .replaceAll(/relay-[ab]:5000/g, "127.0.0.1:5000")
    writeFileSync(copy, `pid ${folder}/nginx.pid;\nerror_log ${folder}/error.log;\n${local}`)
    const asked = spawnSync(NGINX, ["-t", "-c", copy, "-p", folder], { encoding: "utf8" })
    expect([asked.status, asked.stderr]).toEqual([0, expect.stringContaining("syntax is ok")])
  })
})
