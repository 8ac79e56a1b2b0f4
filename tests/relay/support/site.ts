/** A relay on a free port with the test's clock, and a conversation that must go on whatever happens beside it. */
import { randomBytes } from "node:crypto"
import { silentLogger } from "@securechat/core/transport"
import { type Relay, type RelayOptions, createRelay } from "@securechat/server"
import { type ManualClock, type RelayDevice, manualClock, relayDevice, turn } from "@securechat/testkit"
import { place } from "./place.ts"
import { type DialOptions, type WireClient, dial } from "./wire-client.ts"

const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length))

export interface Site {
  readonly relay: Relay
  readonly url: string
  readonly port: number
  readonly clock: ManualClock
  device(): RelayDevice
  /** A socket that has not said anything. */
  dial(device?: RelayDevice, options?: DialOptions): Promise<WireClient>
  /** Logged in. */
  login(device?: RelayDevice): Promise<WireClient>
  /** Logged in and published. */
  join(stock?: { oneTime?: number; oneTimeKem?: number }): Promise<WireClient>
  conversation(): Promise<Conversation>
  /** Resolves when exactly so many envelopes wait: Redis has to be asked. */
  pending(count: number): Promise<void>
  /** Resolves when the relay knows of exactly so many devices: it learns of a closed socket in its own time. */
  online(count: number): Promise<void>
  close(): Promise<void>
}

/** Two devices that write to each other, one message at a time each way. */
export interface Conversation {
  /** Sends so many each way and waits for all of them. */
  exchange(count: number): Promise<void>
  /** Everything arrived once and in order, and nobody was hung up on. */
  readonly undisturbed: () => boolean
}

const converse = (alice: WireClient, bob: WireClient): Conversation => {
  let ended = false
  for (const side of [alice, bob])
    void side.ended.then(() => {
      ended = true
    })
  let sent = 0
  const seen: number[][] = [[], []]
  const one = async (from: WireClient, to: WireClient, log: number[], value: number): Promise<void> => {
    const body = new Uint8Array(4)
    new DataView(body.buffer).setUint32(0, value)
    const [accepted, delivery] = await Promise.all([
      from.ask((request) => from.device.submit(request, to.device, body)),
      to.next("deliver"),
    ])
    if (accepted.type !== "accepted") throw new Error(`not accepted: ${JSON.stringify(accepted)}`)
    log.push(new DataView(delivery.body.buffer).getUint32(0))
    to.send({ type: "ack", request: 0, cursor: delivery.cursor })
  }
  return {
    exchange: async (count) => {
      for (let i = 0; i < count; i++) {
        sent += 1
        await one(alice, bob, seen[0] ?? [], sent)
        await one(bob, alice, seen[1] ?? [], sent)
      }
    },
    undisturbed: () =>
      !ended && seen.every((log) => log.length === sent && log.every((value, index) => value === index + 1)),
  }
}

export const site = async (options: RelayOptions = {}): Promise<Site> => {
  const clock = manualClock()
  const deps = { random, nowMs: clock.nowMs, timers: clock.timers }
  const relay = createRelay({ port: 0, logger: silentLogger, mailbox: place(), ...options }, deps)
  const { url, port } = await relay.listen()
  const device = (): RelayDevice => relayDevice({ random, nowMs: clock.nowMs })
  const login: Site["login"] = async (of = device()) => {
    const client = await dial(url, of)
    await client.login()
    return client
  }
  const join: Site["join"] = async (stock) => {
    const client = await login()
    const answer = await client.ask((request) => client.device.publish(request, stock))
    if (answer.type !== "ok") throw new Error(`not published: ${JSON.stringify(answer)}`)
    return client
  }
  return {
    relay,
    url,
    port,
    clock,
    device,
    dial: (of = device(), dialOptions = {}) => dial(url, of, dialOptions),
    login,
    join,
    conversation: async () => converse(await join(), await join()),
    online: async (count) => {
      while (relay.stats().connections !== count) await turn()
    },
    pending: async (count) => {
      while (relay.stats().pendingMessages !== count) await turn()
    },
    close: () => relay.close({ drainMs: 0 }),
  }
}
