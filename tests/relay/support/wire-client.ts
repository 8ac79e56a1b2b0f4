/** A connection that speaks frames and remembers everything: it can send what no client would. */
import { type Frame, type FrameName, type FrameOf, closeCodeOf, frameCodec } from "@securechat/core/wire"
import type { RelayDevice } from "@securechat/testkit"
import { type ClientOptions, WebSocket } from "ws"
import { way } from "../../support/transports.ts"
import { type PacketSocket, packets } from "./engine-packets.ts"

export interface Ended {
  readonly code: number
  readonly reason: string
}

interface Waiter {
  readonly wants: (frame: Frame) => boolean
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: Error) => void
}

export class WireClient {
  readonly device: RelayDevice
  readonly socket: WebSocket
  readonly frames: Frame[] = []
  /** Resolves when frames can be sent. */
  readonly open: Promise<void>
  /** Resolves when the socket is gone, with its close code; over Socket.IO, which has none, with that of the last `bye`. */
  readonly ended: Promise<Ended>
  readonly #packets: PacketSocket | undefined
  #taken = 0
  #waiters: Waiter[] = []
  #request = 2

  constructor(socket: WebSocket, device: RelayDevice) {
    this.socket = socket
    this.device = device
    socket.binaryType = "nodebuffer"
    const frame = (data: Buffer): void => {
      this.#receive(frameCodec.decode(data))
    }
    let opened = (): void => undefined
    this.open = new Promise((resolve) => {
      opened = resolve
    })
    if (way().name === "socket.io") this.#packets = packets(socket, { open: opened, frame })
    else socket.on("message", frame).once("open", opened)
    // The relay may be gone before we are: `close` follows.
    socket.on("error", () => undefined)
    this.ended = new Promise((resolve) => {
      socket.on("close", (wireCode, reason) => {
        const code = this.#closeCode(wireCode)
        for (const waiter of this.#waiters) waiter.reject(new Error(`closed with ${code} while waiting`))
        this.#waiters = []
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  #closeCode(wireCode: number): number {
    const NO_CODE = 1005
    if (this.#packets === undefined || wireCode !== NO_CODE) return wireCode
    const last = this.frames.at(-1)
    return closeCodeOf(last?.type === "bye" ? last.code : 0)
  }

  #receive(frame: Frame): void {
    this.frames.push(frame)
    const index = this.#waiters.findIndex((waiter) => waiter.wants(frame))
    if (index === -1) return
    this.#waiters.splice(index, 1)[0]?.resolve(frame)
  }

  send(frame: Frame): void {
    this.sendBytes(frameCodec.encode(frame))
  }

  /** As one frame, whatever it is. */
  sendBytes(bytes: Uint8Array): void {
    if (this.#packets === undefined) this.socket.send(bytes)
    else this.#packets.send(bytes)
  }

  /** The next frame of this type that nobody has waited for yet, come or to come. */
  next<K extends FrameName>(type: K): Promise<FrameOf<K>> {
    return this.#next((frame) => frame.type === type) as Promise<FrameOf<K>>
  }

  #next(wants: (frame: Frame) => boolean): Promise<Frame> {
    for (let i = this.#taken; i < this.frames.length; i++) {
      const frame = this.frames[i]
      if (frame === undefined || !wants(frame)) continue
      this.#taken = i + 1
      return Promise.resolve(frame)
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({
        wants,
        reject,
        resolve: (frame) => {
          this.#taken = this.frames.length
          resolve(frame)
        },
      })
    })
  }

  /** A number for the next request. */
  number(): number {
    return ++this.#request
  }

  /** Sends a request and gives its answer. */
  ask(make: (request: number) => Frame): Promise<Frame> {
    const request = this.number()
    const early = (frame: Frame): boolean => frame.request === request
    const answer = new Promise<Frame>((resolve, reject) => {
      this.#waiters.unshift({ wants: early, resolve, reject })
    })
    this.send(make(request))
    return answer
  }

  /** Up to `ready`. @throws with the close code when the relay refuses. */
  async login(cursor: Uint8Array<ArrayBuffer> = new Uint8Array(0)): Promise<FrameOf<"ready">> {
    this.send(this.device.hello({ cursor }))
    this.send(this.device.proof(await this.next("challenge")))
    return this.next("ready")
  }

  /** Ends from our side; resolves when it is over. */
  leave(): Promise<Ended> {
    if (this.#packets === undefined) this.socket.close(1000)
    else this.#packets.leave()
    return this.ended
  }
}

export interface DialOptions extends Omit<ClientOptions, "protocol" | "path"> {
  /** Another request target. */
  readonly path?: string | undefined
  readonly protocol?: string | readonly string[] | undefined
}

/** @throws the HTTP status of a refused upgrade as the error's message. */
export const dial = async (
  url: string,
  device: RelayDevice,
  options: DialOptions = {},
): Promise<WireClient> => {
  const { protocol = way().name === "websocket" ? "securechat.v1" : [], path = way().path, ...rest } = options
  const socket = new WebSocket(
    url.replace(/^http/, "ws") + path,
    typeof protocol === "string" ? protocol : [...protocol],
    rest,
  )
  const client = new WireClient(socket, device)
  await new Promise<void>((resolve, reject) => {
    void client.open.then(resolve)
    socket.once("unexpected-response", (_request, response) => {
      response.resume()
      reject(new Error(`refused with ${response.statusCode ?? 0}`))
    })
    socket.once("error", reject)
  })
  return client
}
