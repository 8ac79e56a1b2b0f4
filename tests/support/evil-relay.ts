/**
 * The relay as an adversary: it stands between real clients and the real relay, reads every frame and follows a
 * script. A decorator of a `Transport`, so that it works over each of them. It has no key: what it can do is what a
 * relay can do.
 */
import type { Transport, TransportConnection, TransportContext } from "@securechat/core"
import { type Frame, type FrameName, type FrameOf, frameCodec } from "@securechat/core/wire"

/** One frame on its way, as it was before any rule touched it. */
export interface Crossing {
  /** Whose connection it is on. */
  readonly who: string
  /** `up` from the client, `down` to it. */
  readonly way: "up" | "down"
  readonly frame: Frame
  /** What a numbered frame from the relay answers. */
  readonly asked: Frame | undefined
  readonly bytes: Uint8Array
}
/** What goes on in its place, as frames or as bytes that need not be one; undefined: no opinion. The youngest rule with an opinion decides. */
export type Rule = (crossing: Crossing) => readonly (Frame | Uint8Array)[] | undefined
export type Filter = (crossing: Crossing) => boolean

export interface Held {
  readonly crossings: readonly Crossing[]
  /** Ends the holding and lets go what was held, in the order that `arrange` gives. */
  release(arrange?: (held: readonly Crossing[]) => readonly Crossing[]): void
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

const bytesOf = (out: Frame | Uint8Array): Uint8Array =>
  out instanceof Uint8Array ? out : frameCodec.encode(out)

interface Line {
  readonly connection: TransportConnection
  readonly context: TransportContext
}

export class EvilRelay {
  /** Everything that crossed, oldest first. */
  readonly seen: Crossing[] = []
  readonly #rules: Rule[] = []
  readonly #lines = new Map<string, Line>()
  readonly #asked = new Map<string, Frame>()
  #waiting: (() => void)[] = []

  /** @param who a name for the client behind this transport. */
  transport(who: string, inner: Transport): Transport {
    return {
      ...inner,
      connect: async (context) => {
        const connection = await inner.connect({
          ...context,
          onFrame: (bytes) => {
            for (const out of this.#cross(who, "down", bytes)) context.onFrame(out)
          },
        })
        this.#lines.set(who, { connection, context })
        return {
          get bufferedBytes() {
            return connection.bufferedBytes
          },
          send: async (bytes) => {
            for (const out of this.#cross(who, "up", bytes)) await connection.send(out)
          },
          close: (info) => connection.close(info),
        }
      },
    }
  }

  /** Returns the end of the rule. */
  rule(rule: Rule): () => void {
    this.#rules.unshift(rule)
    return () => {
      const at = this.#rules.indexOf(rule)
      if (at !== -1) this.#rules.splice(at, 1)
    }
  }
  drop(filter: Filter): () => void {
    return this.rule((crossing) => (filter(crossing) ? [] : undefined))
  }
  /** Answers a request instead of the relay, which never hears of it. */
  answer<K extends FrameName>(
    who: string,
    type: K,
    reply: (asked: FrameOf<K>) => Frame | undefined,
  ): () => void {
    return this.rule(({ who: whose, way, frame }) => {
      if (whose !== who || way !== "up" || frame.type !== type) return undefined
      const answer = reply(frame as FrameOf<K>)
      if (answer === undefined) return undefined
      this.say(who, answer)
      return []
    })
  }
  /** Changes the relay's answer to a request. */
  amend<K extends FrameName>(
    who: string,
    type: K,
    change: (answer: Frame, asked: FrameOf<K>) => Frame,
  ): () => void {
    return this.rule(({ who: whose, way, frame, asked }) =>
      whose === who && way === "down" && asked?.type === type
        ? [change(frame, asked as FrameOf<K>)]
        : undefined,
    )
  }
  hold(filter: Filter): Held {
    const held: Crossing[] = []
    const end = this.rule((crossing) => {
      if (!filter(crossing)) return undefined
      held.push(crossing)
      return []
    })
    return {
      crossings: held,
      release: (arrange = (all) => all) => {
        end()
        for (const { who, way, frame } of arrange(held))
          if (way === "down") this.say(who, frame)
          else this.pass(who, frame)
      },
    }
  }

  /** To the client, as from the relay. */
  say(who: string, ...frames: readonly (Frame | Uint8Array)[]): void {
    for (const frame of frames) this.#line(who).context.onFrame(bytesOf(frame))
  }
  /** Deliveries to the client, as from the relay; resolves when it has dealt with all of them. */
  async feed(who: string, frames: readonly FrameOf<"deliver">[]): Promise<void> {
    const mark = Uint8Array.from(`fed ${this.seen.length}`, (char) => char.charCodeAt(0))
    const from = this.seen.length
    const isLast: Filter = ({ who: whose, frame }) =>
      whose === who && frame.type === "ack" && equal(frame.cursor, mark)
    // The relay never hears of it: nothing was ever in its mailbox.
    const end = this.drop(isLast)
    this.say(
      who,
      ...frames.map((frame, at) => (at === frames.length - 1 ? { ...frame, cursor: mark } : frame)),
    )
    await this.until(isLast, from)
    end()
  }
  /** To the relay, as from the client. */
  pass(who: string, frame: Frame | Uint8Array): void {
    this.#line(who)
      .connection.send(bytesOf(frame))
      .catch(() => undefined)
  }
  /** Ends a client's connection; it comes back by itself. */
  async cut(who: string): Promise<void> {
    await this.#line(who).connection.close()
  }

  /** The first crossing that fits, past or to come. */
  async until(filter: Filter, from = 0): Promise<Crossing> {
    for (;;) {
      const found = this.seen.slice(from).find(filter)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
  /** Frames of one kind that crossed on somebody's connection. */
  frames<K extends FrameName>(who: string, type: K): FrameOf<K>[] {
    return this.seen
      .filter((crossing) => crossing.who === who && crossing.frame.type === type)
      .map(({ frame }) => frame as FrameOf<K>)
  }

  #line(who: string): Line {
    const line = this.#lines.get(who)
    if (line === undefined) throw new Error(`${who} has no connection`)
    return line
  }

  #cross(who: string, way: Crossing["way"], bytes: Uint8Array): readonly Uint8Array[] {
    const frame = frameCodec.decode(bytes)
    const key = `${who}/${frame.request}`
    if (way === "up" && frame.request !== 0) this.#asked.set(key, frame)
    const asked = way === "down" && frame.request !== 0 ? this.#asked.get(key) : undefined
    const crossing = { who, way, frame, asked, bytes: bytes.slice() }
    this.seen.push(crossing)
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
    for (const rule of [...this.#rules]) {
      const frames = rule(crossing)
      if (frames !== undefined) return frames.map(bytesOf)
    }
    return [bytes]
  }
}
