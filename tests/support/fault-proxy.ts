/**
 * A TCP proxy that fails like a network: slow, cut, refusing, half-open (bytes vanish and nobody is told), one direction
 * held back, a bounded rate. It knows nothing of what it carries.
 */
import { once } from "node:events"
import { type AddressInfo, type Socket, connect, createServer } from "node:net"

type Way = "up" | "down"

export interface FaultProxy extends AsyncDisposable {
  readonly port: number
  /** Where new connections go on to, on this computer. */
  target: number
  /** Of each piece, in either direction. */
  delayMs: number
  /** Bytes of one piece handed on at once, then a turn of `delayMs`; Infinity: no bound. */
  pieceBytes: number
  /** Takes new connections and ends them at once. */
  refusing: boolean
  /** Connections end on both sides, as when a router restarts. */
  cut(): void
  /** What goes this way vanishes, until the connection ends. */
  vanish(way: Way): void
  /** What goes this way waits for `release`. */
  hold(way: Way): void
  release(): void
}

interface Pipe {
  readonly way: Way
  readonly from: Socket
  readonly to: Socket
  gone: boolean
  /** Behind what was sent before. */
  tail: Promise<void>
}

class Proxy implements FaultProxy {
  port = 0
  target: number
  delayMs = 0
  pieceBytes = Infinity
  refusing = false
  readonly #pipes = new Set<Pipe>()
  readonly #held = new Set<Way>()
  #released: (() => void)[] = []
  readonly #server = createServer((client) => {
    this.#accept(client)
  })

  constructor(target: number) {
    this.target = target
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }
  cut(): void {
    for (const { from, to } of [...this.#pipes]) {
      from.destroy()
      to.destroy()
    }
    this.release()
  }
  vanish(way: Way): void {
    for (const pipe of this.#pipes) if (pipe.way === way) pipe.gone = true
  }
  hold(way: Way): void {
    this.#held.add(way)
  }
  release(): void {
    this.#held.clear()
    for (const go of this.#released.splice(0)) go()
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.refusing = true
    this.cut()
    this.#server.close()
    await once(this.#server, "close")
  }

  #accept(client: Socket): void {
    if (this.refusing) {
      client.destroy()
      return
    }
    const relay = connect(this.target, "127.0.0.1")
    this.#pipe("up", client, relay)
    this.#pipe("down", relay, client)
  }
  #pipe(way: Way, from: Socket, to: Socket): void {
    const pipe: Pipe = { way, from, to, gone: false, tail: Promise.resolve() }
    this.#pipes.add(pipe)
    from.setNoDelay(true)
    from.on("data", (data: Buffer) => {
      from.pause()
      pipe.tail = pipe.tail.then(() => this.#carry(pipe, data))
    })
    from.on("error", () => undefined)
    from.on("close", () => {
      this.#pipes.delete(pipe)
      void pipe.tail.then(() => {
        if (!pipe.gone) to.destroy()
      })
    })
  }
  async #carry(pipe: Pipe, data: Buffer): Promise<void> {
    for (let at = 0; at < data.length; at += this.pieceBytes) {
      if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs))
      while (this.#held.has(pipe.way) && !pipe.from.destroyed)
        await new Promise<void>((resolve) => this.#released.push(resolve))
      if (!pipe.gone) pipe.to.write(data.subarray(at, at + this.pieceBytes))
    }
    pipe.from.resume()
  }
}

/** @param target the port that is served behind it. */
export const faultProxy = (target: number): Promise<FaultProxy> => new Proxy(target).listen()
