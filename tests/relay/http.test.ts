/** The plain HTTP side: health, figures, the app, embedding, TLS and what is refused at start. */
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs"
import { type IncomingHttpHeaders, createServer, get as httpGet } from "node:http"
import { get as httpsGet } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SecureChatError } from "@securechat/core/errors"
import { silentLogger } from "@securechat/core/transport"
import { type RelayOptions, createRelay } from "@securechat/server"
import { relayDevice } from "@securechat/testkit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { selfSigned } from "./support/certificate.ts"
import { site } from "./support/site.ts"
import { dial } from "./support/wire-client.ts"

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}
const request = (url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const get = url.startsWith("https") ? httpsGet : httpGet
    get(url, { headers, method, rejectUnauthorized: false, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(parts).toString(),
        })
      })
    }).on("error", reject)
  })

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "securechat-relay-"))
  mkdirSync(join(folder, "app", "assets"), { recursive: true })
  writeFileSync(join(folder, "app", "index.html"), "<!doctype html><title>app</title>")
  writeFileSync(join(folder, "app", "assets", "main-1234.js"), "export {}")
  writeFileSync(join(folder, "app", ".secret"), "no")
  writeFileSync(join(folder, "outside.txt"), "no")
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe("health and figures", () => {
  it("are given to this computer, and readiness ends with the drain", async () => {
    const here = await site({ metrics: { prometheus: true } })
    expect(await request(`${here.url}/healthz`)).toMatchObject({ status: 200, text: "ok\n" })
    expect((await request(`${here.url}/readyz`)).status).toBe(200)
    const client = await here.join()
    await here.clock.advance(1_000)
    const { status, text, headers } = await request(`${here.url}/metrics`)
    expect([status, headers["content-type"]?.startsWith("text/plain")]).toEqual([200, true])
    expect(text).toContain('securechat_connections{transport="websocket"} 1')
    expect(text).toContain('securechat_logins_total{result="ok"} 1')
    expect(text).not.toContain(client.device.identity.accountId)
    expect((await request(`${here.url}/healthz`, {}, "POST")).status).toBe(405)
    expect((await request(`${here.url}/healthz`, { Host: "anything.example" })).status).toBe(200)
    const closing = here.relay.close({ drainMs: 10 })
    await here.clock.advance(10)
    await closing
    await expect(request(`${here.url}/readyz`)).rejects.toThrow()
  })

  it("are hidden from a page that rebinds its name, from proxies, and from whoever lacks the token", async () => {
    const open = await site({ metrics: { prometheus: true } })
    expect((await request(`${open.url}/metrics`, { Host: "evil.example" })).status).toBe(404)
    await open.close()
    const origins = ["https://chat.example"]
    const proxied = await site({ metrics: { prometheus: true }, behindProxy: true, origins })
    const base = `http://127.0.0.1:${proxied.port}`
    expect((await request(`${base}/metrics`)).status).toBe(404)
    await proxied.close()
    const guarded = await site({ metrics: { prometheus: true, token: "s3cret" } })
    expect((await request(`${guarded.url}/metrics`)).status).toBe(404)
    expect((await request(`${guarded.url}/metrics`, { Authorization: "Bearer wrong" })).status).toBe(404)
    expect((await request(`${guarded.url}/metrics`, { Authorization: "Bearer s3cret" })).status).toBe(200)
    await guarded.close()
    const none = await site()
    expect((await request(`${none.url}/metrics`)).status).toBe(404)
    await none.close()
  })

  it("say not ready when the mailbox cannot answer", async () => {
    const fail = (): Promise<never> => Promise.reject(new Error("gone"))
    const here = await site({
      mailbox: {
        append: fail,
        resume: fail,
        read: fail,
        ack: fail,
        drop: fail,
        watch: () => () => undefined,
        counts: () => ({ mailboxes: 0, messages: 0 }),
        close: () => Promise.resolve(),
      },
    })
    expect((await request(`${here.url}/readyz`)).status).toBe(503)
    await here.close()
  })

  it("go to an own sink too", async () => {
    const counted: string[] = []
    const here = await site({
      metrics: { count: (name) => counted.push(name), gauge: () => undefined, observe: () => undefined },
    })
    await (await here.login()).leave()
    expect(counted).toContain("logins")
    await here.close()
  })
})

describe("the app", () => {
  it("is served under a policy that lets a page talk to this relay alone", async () => {
    const here = await site({ app: join(folder, "app") })
    const page = await request(`${here.url}/`)
    expect(page).toMatchObject({ status: 200, text: "<!doctype html><title>app</title>" })
    expect(page.headers).toMatchObject({
      "content-security-policy": `default-src 'self'; connect-src 'self' ws://127.0.0.1:${here.port}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'`,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
    })
    expect(page.headers["set-cookie"]).toBeUndefined()
    expect(page.headers["x-powered-by"]).toBeUndefined()
    const asset = await request(`${here.url}/assets/main-1234.js`)
    expect(asset).toMatchObject({
      status: 200,
      headers: { "cache-control": "public, max-age=31536000, immutable" },
    })
    await here.close()
  })

  it("[C8] gives nothing but its own files: no listing, no dotfile, no way out, no foreign name", async () => {
    const here = await site({ app: join(folder, "app") })
    for (const path of [
      "/assets/",
      "/.secret",
      "/../outside.txt",
      "/%2e%2e/outside.txt",
      "/..%2foutside.txt",
      "/ws",
      "/x",
    ])
      expect([path, (await request(here.url + path)).status]).toEqual([path, 404])
    expect((await request(`${here.url}/`, { Host: "evil.example" })).status).toBe(421)
    expect((await request(`${here.url}/`, { Host: `localhost:${here.port + 1}` })).status).toBe(421)
    await here.close()
  })
})

describe("embedded", () => {
  it("takes the transports of a server that is already there, and leaves the rest to it", async () => {
    const server = createServer((_request, response) => response.end("the app's own page"))
    const relay = createRelay({ logger: silentLogger })
    relay.attach(server)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect((await request(url)).text).toBe("the app's own page")
    const deps = {
      random: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
      nowMs: () => Date.now(),
    }
    const client = await dial(url, relayDevice(deps))
    await client.login()
    expect(relay.stats().connections).toBe(1)
    await relay.close({ drainMs: 0 })
    expect((await client.ended).code).toBe(4011)
    expect((await request(url)).text).toBe("the app's own page")
    await new Promise((resolve) => server.close(resolve))
    expect(() => {
      relay.attach(server)
    }).toThrow(SecureChatError)
  })
})

describe("TLS and proxies", () => {
  it("serves wss from key and certificate, and takes renewed ones", async () => {
    const here = await site({ tls: selfSigned("first.example") })
    expect(here.url).toMatch(/^https:/)
    const client = await here.dial(undefined, { rejectUnauthorized: false })
    client.send(client.device.hello())
    expect((await client.next("challenge")).origin).toBe(here.url)
    here.relay.renewTls(selfSigned("second.example"))
    expect((await request(`${here.url}/healthz`)).status).toBe(200)
    await here.close()
    const plain = await site()
    expect(() => {
      plain.relay.renewTls({ key: "", cert: "" })
    }).toThrow(SecureChatError)
    await plain.close()
  })

  it("behind a trusted proxy counts the forwarded address, and the public origin is signed", async () => {
    const here = await site({
      behindProxy: true,
      origins: ["https://chat.example"],
      limits: { connectionsPerAddress: 1 },
    })
    const base = `http://127.0.0.1:${here.port}`
    const from = (address: string): { headers: Record<string, string> } => ({
      headers: { Host: "chat.example", "X-Forwarded-For": address },
    })
    const clock = {
      random: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
      nowMs: here.clock.nowMs,
    }
    const open = (address: string): ReturnType<typeof dial> => dial(base, relayDevice(clock), from(address))
    const one = await open("192.0.2.1")
    one.send(one.device.hello())
    expect((await one.next("challenge")).origin).toBe("https://chat.example")
    await expect(open("192.0.2.1")).rejects.toThrow("refused with 403")
    await expect(open("6.6.6.6, 192.0.2.1")).rejects.toThrow("refused with 403")
    await (await open("192.0.2.2")).leave()
    await here.close()
  })
})

describe("at start", () => {
  const refusal = (options: RelayOptions): string => {
    try {
      createRelay({ logger: silentLogger, ...options })
    } catch (error) {
      if (SecureChatError.is(error, "ERR_CONFIG_INVALID")) return `${error.message} | ${error.hint ?? ""}`
      throw error
    }
    return "taken"
  }

  it("[R16] a public address without TLS is refused, saying what to set", () => {
    expect(refusal({ host: "0.0.0.0" })).toMatch(/without TLS \| Set `tls`, or `behindProxy`/)
    expect(refusal({ host: "::" })).toMatch(/without TLS/)
    expect(refusal({ host: "0.0.0.0", behindProxy: true })).toMatch(
      /origins: missing \| Name what clients dial/,
    )
    expect(refusal({ host: "0.0.0.0", behindProxy: true, origins: ["https://chat.example"] })).toBe("taken")
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) expect(refusal({ host })).toBe("taken")
  })

  it("options that mean nothing are refused by name", () => {
    expect(refusal({ port: 70_000 })).toMatch(/^port/)
    expect(refusal({ origins: ["https://chat.example/path"] })).toMatch(/^origins/)
    expect(refusal({ cors: { origins: ["*"] } })).toMatch(/^cors.origins/)
    expect(refusal({ app: join(folder, "nowhere") })).toMatch(/^app/)
  })

  it("a port that is taken, a signal that fired and a second listen have their own words", async () => {
    const here = await site()
    const second = createRelay({ logger: silentLogger, port: here.port })
    await expect(second.listen()).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID", message: /EADDRINUSE/ })
    await expect(second.listen({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_ABORTED",
    })
    await expect(here.relay.listen()).rejects.toMatchObject({ code: "ERR_STATE" })
    await second.close()
    await here.close()
  })

  it("is ended by `await using`", async () => {
    let url = ""
    {
      await using relay = createRelay({ logger: silentLogger, port: 0 })
      url = (await relay.listen()).url
      expect((await request(`${url}/healthz`)).status).toBe(200)
    }
    await expect(request(`${url}/healthz`)).rejects.toThrow()
  })
})

describe("Socket.IO over plain requests", () => {
  const HANDSHAKE = "/socket.io/?EIO=4&transport=polling"

  it("is off unless asked for", async () => {
    const here = await site()
    expect((await request(here.url + HANDSHAKE)).status).toBe(404)
    await here.close()
  })

  it("begins a session of the relay's own pages, and is bounded as everything else", async () => {
    const here = await site({ polling: true })
    const begun = await request(here.url + HANDSHAKE, { Origin: here.url })
    expect([begun.status, begun.headers["x-content-type-options"]]).toEqual([200, "nosniff"])
    expect(begun.text).toMatch(/^0\{"sid":/)
    expect((await request(here.url + HANDSHAKE, { Origin: "https://evil.example" })).status).toBe(403)
    expect((await request(here.url + HANDSHAKE, { Host: "evil.example" })).status).toBe(403)
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`X-${i}`, "x"]))
    expect((await request(here.url + HANDSHAKE, many)).status).toBe(431)
    const { sid } = JSON.parse(begun.text.slice(1)) as { sid: string }
    // The engine's own goodbye; without it the relay's end would wait for the next poll.
    await fetch(`${here.url}${HANDSHAKE}&sid=${sid}`, {
      method: "POST",
      headers: { Origin: here.url },
      body: "1",
    })
    await here.close()
  })
})
