/**
 * The generator: pairs that send prepared envelopes in a closed loop. A message counts when its sender was told that it is
 * accepted and its receiver has acknowledged it. No client cryptography after the logins.
 */
import { randomBytes } from "node:crypto"
import { FRAME_TYPE, frameCodec } from "@securechat/core/wire"
import { type RelayDevice, relayDevice } from "@securechat/testkit"
import { WebSocket } from "ws"
import { BARE } from "./bare.ts"
import { type WireClient, dial } from "../relay/support/wire-client.ts"

export interface Pair {
  /** Sends one message. */
  submit(): void
  /** Called for each message that arrived and was acknowledged. */
  onDelivered: () => void
  /** Called when the sender was told. */
  onAccepted: () => void
  /** Both are still there: the relay hangs up on a minute's silence, and others may have their turn meanwhile. */
  ping(): void
  end(): void
}

const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length))
/** Of the generator's devices. */
export const clientDeps: Parameters<typeof relayDevice>[0] = { random, nowMs: () => Date.now() }
const nothing = (): void => undefined

/** Within the relay's bound of logins at a time from one address. */
const AT_ONCE = 16

export async function inBatches<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = []
  for (let at = 0; at < count; at += AT_ONCE)
    made.push(
      ...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, i) => make(at + i)))),
    )
  return made
}

const opened = async (url: string): Promise<WebSocket> => {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject))
  return socket
}

/** @param number of the pair. */
export async function barePair(port: number, number: number, bytes: number): Promise<Pair> {
  const [from, to] = [2 * number, 2 * number + 1]
  const [sender, receiver] = [
    await opened(`ws://127.0.0.1:${port}/${from}`),
    await opened(`ws://127.0.0.1:${port}/${to}`),
  ]
  const message = Buffer.alloc(9 + bytes, 7)
  message[0] = BARE.submit
  message.writeUInt32BE(to, 5)
  let count = 0
  const pair: Pair = {
    submit: () => {
      const next = Buffer.from(message)
      next.writeUInt32BE(count++, 1)
      sender.send(next)
    },
    onDelivered: nothing,
    onAccepted: nothing,
    ping: nothing,
    end: () => {
      sender.terminate()
      receiver.terminate()
    },
  }
  sender.on("message", (data: Buffer) => {
    if (data[0] === BARE.accepted) pair.onAccepted()
  })
  receiver.on("message", (data: Buffer) => {
    receiver.send(Buffer.of(BARE.ack, ...data.subarray(1, 5)))
    pair.onDelivered()
  })
  return pair
}

/** Where it is to receive, a device must be known. */
export async function publish(client: WireClient): Promise<void> {
  const answer = await client.ask((request) => client.device.publish(request, { oneTime: 0, oneTimeKem: 0 }))
  if (answer.type !== "ok") throw new Error(`not published: ${JSON.stringify(answer)}`)
}

/** Logged in, and published where it is to receive. */
export async function member(
  port: number,
  published: boolean,
  device = relayDevice(clientDeps),
): Promise<WireClient> {
  const client = await dial(`http://127.0.0.1:${port}`, device, { perMessageDeflate: false })
  await client.login()
  if (published) await publish(client)
  return client
}

const HEAD_BYTES = 5
const PING = frameCodec.encode({ type: "ping", request: 0, nonce: new Uint8Array(8) })
/** Of the delivery's own cursor. */
export const ackOf = (delivery: Buffer): Buffer => {
  const cursor = delivery.subarray(HEAD_BYTES, HEAD_BYTES + 1 + (delivery[HEAD_BYTES] as number))
  return Buffer.concat([Buffer.of(FRAME_TYPE.ack, 0, 0, 0, 0), cursor])
}

export async function relayPair(port: number, bytes: number): Promise<Pair> {
  const [sender, receiver] = [await member(port, true), await member(port, true)]
  const { submit } = prepared(sender.device, receiver.device, bytes)
  for (const { socket } of [sender, receiver]) socket.removeAllListeners("message")
  const pair: Pair = {
    submit: () => {
      sender.socket.send(submit())
    },
    onDelivered: nothing,
    onAccepted: nothing,
    ping: () => {
      for (const { socket } of [sender, receiver]) socket.send(PING)
    },
    end: () => {
      sender.socket.terminate()
      receiver.socket.terminate()
    },
  }
  sender.socket.on("message", (data: Buffer) => {
    if (data[0] === FRAME_TYPE.accepted) pair.onAccepted()
    else if (data[0] !== FRAME_TYPE.pong)
      throw new Error(`not accepted: ${JSON.stringify(frameCodec.decode(data))}`)
  })
  receiver.socket.on("message", (data: Buffer) => {
    if (data[0] !== FRAME_TYPE.deliver) return
    receiver.socket.send(ackOf(data))
    pair.onDelivered()
  })
  return pair
}

/** Frames that differ in request and envelope id only. */
export function prepared(from: RelayDevice, to: RelayDevice, bytes: number): { submit: () => Buffer } {
  const template = Buffer.from(frameCodec.encode(from.submit(1, to, random(bytes))))
  const id = randomBytes(16)
  let request = 1000
  return {
    submit: () => {
      const frame = Buffer.from(template)
      frame.writeUInt32BE(++request, 1)
      id.writeUInt32BE(request, 12)
      id.copy(frame, HEAD_BYTES)
      return frame
    },
  }
}

/** Each pair keeps `window` messages on their way for so long. @returns how many arrived. */
export async function drive(pairs: readonly Pair[], window: number, forMs: number): Promise<number> {
  let delivered = 0
  const endMs = performance.now() + forMs
  let pending = 0
  await new Promise<void>((resolve) => {
    const settle = (pair: Pair): void => {
      pending -= 1
      if (performance.now() < endMs) {
        pending += 1
        pair.submit()
      } else if (pending === 0) resolve()
    }
    for (const pair of pairs) {
      let [accepted, arrived, done] = [0, 0, 0]
      const step = (): void => {
        while (done < Math.min(accepted, arrived)) {
          done += 1
          delivered += 1
          settle(pair)
        }
      }
      pair.onAccepted = () => {
        accepted += 1
        step()
      }
      pair.onDelivered = () => {
        arrived += 1
        step()
      }
      for (let i = 0; i < window; i++) {
        pending += 1
        pair.submit()
      }
    }
  })
  return delivered
}
