/** One client as a process that writes to nobody, and every frame that crosses its connection: what of that gets through is the test's. */
import { type Frame, type FrameName, type FrameOf, frameCodec } from "@securechat/core/wire"
import type { Orders, Told } from "../chaos/person.ts"
import { Program } from "../chaos/process.ts"
import type { PacketProxy, PacketWay } from "../support/packet-proxy.ts"

export class Ada implements AsyncDisposable {
  readonly heard: string[] = []
  readonly #program: Program
  readonly #orders: Orders
  readonly #tap: PacketProxy
  readonly #seen: { readonly way: PacketWay; readonly frame: Frame }[] = []
  #withheld: (way: PacketWay, frame: Frame) => boolean = () => false
  #changed: () => void = () => undefined

  constructor(program: string, store: string, tap: PacketProxy) {
    this.#tap = tap
    this.#orders = { user: "ada", url: tap.url.replace("http", "ws"), file: store, to: {} }
    this.#program = new Program(program, (line) => {
      const { event, text = "" } = JSON.parse(line) as Told
      if (event === "shown" || event === "error") this.heard.push(text)
      this.#changed()
    })
    tap.onPacket = (way, bytes) => {
      const frame = frameCodec.decode(bytes)
      this.#seen.push({ way, frame })
      this.#changed()
      return !this.#withheld(way, frame)
    }
  }

  /** From here on nothing of this kind gets through, or no answer to it. */
  withhold(what: "publish" | "its answer" | "nothing"): void {
    const asked = (request: number): boolean =>
      this.crossings("publish").some((frame) => frame.request === request)
    this.#withheld = (way, frame) =>
      way === "up"
        ? what === "publish" && frame.type === "publish"
        : what === "its answer" && frame.type === "ok" && asked(frame.request)
  }
  start(): Promise<void> {
    return this.#program.start(this.#orders)
  }
  /** A life of hers, up to the end of `until`; killed then. */
  async live(until: () => Promise<unknown>): Promise<void> {
    await this.start()
    await until()
    await this.#program.kill()
  }
  /** Resolves when so many of a kind have crossed. */
  async crossed<K extends FrameName>(type: K, count: number): Promise<FrameOf<K>[]> {
    await this.until(() => this.crossings(type).length >= count)
    return this.crossings(type)
  }
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => (this.#changed = resolve))
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.kill()
    await this.#tap.close()
  }
  crossings<K extends FrameName>(type: K): FrameOf<K>[] {
    return this.#seen.filter(({ frame }) => frame.type === type).map(({ frame }) => frame as FrameOf<K>)
  }
}
