/** A process that has no files left to open: who is in stays in, who comes is turned away politely. relay.md §9 */
import { randomBytes } from "node:crypto"
import { relayDevice } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { type RelayProcess, startRelayWith } from "./support/process.ts"
import { type WireClient, dial } from "./support/wire-client.ts"

let relay: RelayProcess | undefined
afterEach(() => relay?.kill())

const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length))

/** From an address of its own, so that no limit per address is met first. */
const enter = async (url: string, number: number): Promise<WireClient> => {
  const localAddress = `127.0.1.${1 + (number % 9)}`
  const client = await dial(url, relayDevice({ random, nowMs: () => Date.now() }), { localAddress })
  await client.login()
  return client
}

describe("a relay with 240 descriptors", { timeout: 60_000 }, () => {
  it("[R12] takes 40 connections, refuses more before the upgrade, and takes one again when one has left", async () => {
    relay = await startRelayWith(240)
    const clients: WireClient[] = []
    for (let i = 0; i < 40; i++) clients.push(await enter(relay.url, i))
    for (let i = 0; i < 100; i++) await expect(enter(relay.url, i)).rejects.toThrow("refused with 403")
    const [first, second] = clients
    if (first === undefined || second === undefined) throw new Error("nobody")
    await second.ask((request) => second.device.publish(request))
    const body = new Uint8Array(4).fill(7)
    expect(await first.ask((request) => first.device.submit(request, second.device, body))).toMatchObject({
      type: "accepted",
    })
    expect((await second.next("deliver")).body).toEqual(body)
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200)
    await clients[9]?.leave()
    await enter(relay.url, 9)
  })
})
