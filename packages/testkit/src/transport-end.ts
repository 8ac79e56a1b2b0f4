/** One end of a connection as a suite sees it: what arrived, how it ended, and promises for both. */
import type { CloseInfo, Transport, TransportConnection, TransportContext } from "@securechat/core/transport"
import { silentLogger } from "@securechat/core/transport"

export interface RecordedEnd {
  readonly connection: TransportConnection
  readonly frames: readonly Uint8Array[]
  readonly closes: readonly CloseInfo[]
  /** What came after the close; must stay empty. */
  readonly late: readonly string[]
  /** Resolves once `count` frames in all have arrived. */
  arrived(count: number): Promise<void>
  /** Resolves at the close. */
  readonly closed: Promise<CloseInfo>
}

export interface Recorder extends Omit<RecordedEnd, "connection"> {
  readonly handlers: Pick<TransportContext, "onFrame" | "onClose">
}

/** Handlers that keep what they are given. */
export const recorder = (): Recorder => {
  const frames: Uint8Array[] = []
  const closes: CloseInfo[] = []
  const late: string[] = []
  let waiting: { readonly count: number; readonly resolve: () => void }[] = []
  let resolveClosed: (info: CloseInfo) => void = () => undefined
  const closed = new Promise<CloseInfo>((resolve) => {
    resolveClosed = resolve
  })
  return {
    frames,
    closes,
    late,
    closed,
    arrived: (count) =>
      new Promise((resolve) => {
        if (frames.length >= count) resolve()
        else waiting.push({ count, resolve })
      }),
    handlers: {
      onFrame: (frame) => {
        if (closes.length > 0) late.push(`frame of ${frame.length} bytes`)
        frames.push(frame)
        for (const wait of waiting) if (frames.length >= wait.count) wait.resolve()
        waiting = waiting.filter((wait) => frames.length < wait.count)
      },
      onClose: (info) => {
        if (closes.length > 0) late.push("second close")
        closes.push(info)
        resolveClosed(info)
      },
    },
  }
}

export const contextOf = (record: Recorder, signal?: AbortSignal): TransportContext => ({
  signal: signal ?? new AbortController().signal,
  log: silentLogger,
  token: () => Promise.resolve(undefined),
  ...record.handlers,
})

/** Connects and records. */
export const recordedEnd = async (transport: Transport, signal?: AbortSignal): Promise<RecordedEnd> => {
  const record = recorder()
  const connection = await transport.connect(contextOf(record, signal))
  return { ...record, connection }
}
