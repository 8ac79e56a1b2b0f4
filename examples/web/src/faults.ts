/** An honest fault: a transport that can be cut, through the same public interface every transport has. */
import { SecureChatError } from "@securechat/core"
import type { Transport, TransportConnection, TransportContext } from "@securechat/core/transport"

export interface Cuttable {
  readonly transport: Transport
  /** True pulls the plug and keeps it out: the open connection dies unclean, new attempts fail. */
  cut(on: boolean): void
}

/** One connection as the core sees it: after `pull` nothing arrives any more, and its end is told once. */
class Line {
  readonly #context: TransportContext
  #connection: TransportConnection | undefined
  #open = true

  constructor(context: TransportContext) {
    this.#context = context
  }

  get isOpen(): boolean {
    return this.#open
  }

  async connect(inner: Transport): Promise<TransportConnection> {
    this.#connection = await inner.connect({
      ...this.#context,
      onFrame: (frame) => {
        if (this.#open) this.#context.onFrame(frame)
      },
      onClose: (end) => {
        this.#end(() => {
          this.#context.onClose(end)
        })
      },
    })
    return this.#connection
  }

  /** The attempt failed: the core hears of it by the rejection, not by `onClose`. */
  abandon(): void {
    this.#open = false
    void this.#connection?.close()
  }

  pull(): void {
    this.#end(() => {
      this.#context.onClose({ clean: false, retry: "backoff" })
    })
    void this.#connection?.close()
  }

  #end(tell: () => void): void {
    if (!this.#open) return
    this.#open = false
    tell()
  }
}

export const cuttable = (inner: Transport): Cuttable => {
  let lines: readonly Line[] = []
  let isCut = false
  const cutError = (): SecureChatError =>
    new SecureChatError("ERR_TRANSPORT_UNREACHABLE", "the connection is cut")

  const connect = async (context: TransportContext): Promise<TransportConnection> => {
    if (isCut) throw cutError()
    const line = new Line(context)
    const connection = await line.connect(inner)
    // Cut while it was connecting; a change the compiler cannot see across the await.
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by cut() meanwhile
    if (isCut) {
      line.abandon()
      throw cutError()
    }
    lines = [...lines.filter((known) => known.isOpen), line]
    return connection
  }

  return {
    transport: {
      name: inner.name,
      ...(inner.maxFrameBytes === undefined ? {} : { maxFrameBytes: inner.maxFrameBytes }),
      ...(inner.origin === undefined ? {} : { origin: inner.origin }),
      connect,
    },
    cut: (on): void => {
      isCut = on
      if (!on) return
      for (const line of lines) line.pull()
      lines = []
    },
  }
}
