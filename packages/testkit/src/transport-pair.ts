/** What the rows of the transport suite share: the pair under test, patterns of bytes, a connection per test. */
import type { Transport } from "@securechat/core/transport"
import { equal } from "./runner.ts"
import { type RecordedEnd, recordedEnd } from "./transport-end.ts"

/** A far end that reads nothing. */
export interface Deaf {
  /** It reads again. */
  wake(): void
  /** Lets the adapter's time for a closing handshake pass, where it has one. */
  timeout?(): void
}

export interface TransportCapabilities {
  /** Largest frame to try; default the transport's own limit, else 1 MiB. */
  readonly maxFrameBytes?: number | undefined
  /** Ends that dial. An end that accepts has no attempt to abort. Default both. */
  readonly dials?: "both" | "first" | undefined
  /** False where an end hears nothing of the other's close, as in a room that others stay in. Default true. */
  readonly hearsClose?: boolean | undefined
  /** False for what can be connected only once, such as a `MessagePort`. Default true. */
  readonly reconnects?: boolean | undefined
  /** Of the newest connection: its far end stops reading, as a machine asleep would. Without it, nobody is there. */
  readonly deafen?: (() => Deaf) | undefined
  /** Sends an end of the newest connection what is no frame: text, a broken header, somebody else's object. */
  readonly garbage?: (() => void) | undefined
  /** What is still held once all connections have ended: sockets, subscriptions. May wait for their own ends. */
  readonly handles?: (() => number | Promise<number>) | undefined
  /** Ends the newest connection of the pair without goodbye, as a pulled cable or a killed process would. */
  readonly cut?: (() => void) | undefined
}

export type Make = () => Promise<readonly [Transport, Transport]>
type Ends = readonly [RecordedEnd, RecordedEnd]

export const KIB = 1024
/** Bytes that tell their place, so that a swap or a cut shows. */
export const pattern = (length: number, salt = 0): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = i * 31 + (i >>> 8) + salt
  return bytes
}

const sameBytes = (actual: Uint8Array | undefined, expected: Uint8Array): boolean =>
  actual?.length === expected.length && expected.every((byte, i) => byte === actual[i])

export const same = (actual: Uint8Array | undefined, expected: Uint8Array, what: string): void => {
  if (!sameBytes(actual, expected))
    throw new Error(`${what}: ${actual?.length ?? "no"} bytes arrived, ${expected.length} sent, not the same`)
}

export const connectBoth = async ([first, second]: readonly [Transport, Transport]): Promise<Ends> =>
  Promise.all([recordedEnd(first), recordedEnd(second)])

/** Each test gets its own connection and leaves none. */
export const using =
  (make: Make, test: (a: RecordedEnd, b: RecordedEnd) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const [a, b] = await connectBoth(await make())
    try {
      await test(a, b)
    } finally {
      await Promise.all([a.connection.close(), b.connection.close()])
    }
    for (const end of [a, b]) {
      equal(end.closes.length, 1, "closes of an end")
      equal(end.late, [], "events after the close")
    }
  }

export const bothWays = async (
  [a, b]: Ends,
  work: (from: RecordedEnd, to: RecordedEnd) => Promise<void>,
): Promise<void> => {
  await work(a, b)
  await work(b, a)
}
