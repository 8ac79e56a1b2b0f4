/** Debian's Mosquitto at QoS 1 on the same work: a publish is acknowledged to its sender, and by its receiver. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type Socket, connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { type Packet, generate, parser } from "mqtt-packet"
import type { Pair } from "./pairs.ts"
import { type Server, cpuMsOf, stopped } from "./process.ts"
import { freePort } from "./redis.ts"

const KEEPALIVE_S = 600
const MQTT_3_1_1 = { protocolId: "MQTT", protocolVersion: 4 } as const

export async function startMosquitto(): Promise<Pick<Server, "port" | "cpuMs" | "stop">> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), "securechat-mosquitto-"))
  const file = join(folder, "mosquitto.conf")
  const settings = [
    "persistence false",
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "log_dest none",
    "set_tcp_nodelay true",
  ]
  writeFileSync(file, `${settings.join("\n")}\n`)
  const child = spawn("mosquitto", ["-c", file], { stdio: "ignore" })
  const { pid } = child
  if (pid === undefined) throw new Error("mosquitto is not installed")
  return {
    port,
    cpuMs: () => cpuMsOf(pid),
    stop: async () => {
      await stopped(child)
      rmSync(folder, { recursive: true })
    },
  }
}

/** It says nowhere that it listens. */
async function reached(port: number): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, "127.0.0.1").setNoDelay(true)
    const found = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => {
        resolve(true)
      })
      socket.once("error", () => {
        resolve(false)
      })
    })
    if (found) return socket
    if (tries === 100) throw new Error("mosquitto does not answer")
    await pause(20)
  }
}

interface Client {
  readonly socket: Socket
  send(packet: Packet): void
  on(cmd: Packet["cmd"], hear: (packet: Packet) => void): void
}

async function client(port: number, clientId: string): Promise<Client> {
  const socket = await reached(port)
  const heard = new Map<string, (packet: Packet) => void>()
  const packets = parser()
  packets.on("packet", (packet) => heard.get(packet.cmd)?.(packet))
  socket.on("data", (data: Buffer) => packets.parse(data))
  const one: Client = {
    socket,
    send: (packet) => {
      socket.write(generate(packet))
    },
    on: (cmd, hear) => {
      heard.set(cmd, hear)
    },
  }
  const ready = new Promise<void>((resolve) => {
    one.on("connack", () => {
      resolve()
    })
  })
  one.send({ cmd: "connect", ...MQTT_3_1_1, clientId, clean: true, keepalive: KEEPALIVE_S })
  await ready
  return one
}

const nothing = (): void => undefined
const MAX_MESSAGE_ID = 0xffff

export async function mosquittoPair(port: number, number: number, bytes: number): Promise<Pair> {
  const topic = `to/${number}`
  const [sender, receiver] = [await client(port, `s${number}`), await client(port, `r${number}`)]
  const subscribed = new Promise<void>((resolve) => {
    receiver.on("suback", () => {
      resolve()
    })
  })
  receiver.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  await subscribed
  const payload = Buffer.alloc(bytes, 7)
  let count = 0
  const pair: Pair = {
    submit: () => {
      count = (count % MAX_MESSAGE_ID) + 1
      sender.send({ cmd: "publish", topic, payload, qos: 1, messageId: count, dup: false, retain: false })
    },
    onDelivered: nothing,
    onAccepted: nothing,
    ping: nothing,
    end: () => {
      for (const { socket } of [sender, receiver]) socket.destroy()
    },
  }
  sender.on("puback", () => {
    pair.onAccepted()
  })
  receiver.on("publish", ({ messageId }) => {
    if (messageId === undefined) return
    receiver.send({ cmd: "puback", messageId })
    pair.onDelivered()
  })
  return pair
}
