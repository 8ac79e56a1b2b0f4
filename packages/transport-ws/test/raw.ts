/** WebSocket by hand over TCP, for what a well-behaved library refuses to do. RFC 6455 §5.2 */
import { type Socket, connect } from "node:net"

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface RawFrame {
  readonly opcode?: number
  readonly fin?: boolean
  /** Reserved bits, 0–7. */
  readonly rsv?: number
  readonly masked?: boolean
  readonly payload?: Uint8Array
}

const MASK = [0x12, 0x34, 0x56, 0x78] as const

const lengthField = (length: number, masked: boolean): Buffer => {
  const bit = masked ? 0x80 : 0
  if (length < 126) return Buffer.from([bit | length])
  if (length < 65_536) return Buffer.from([bit | 126, length >>> 8, length & 0xff])
  const field = Buffer.alloc(9)
  field[0] = bit | 127
  field.writeBigUInt64BE(BigInt(length), 1)
  return field
}

/** One frame as a client sends it: masked, unless told otherwise. */
export const rawFrame = (frame: RawFrame): Buffer => {
  const { opcode = OPCODE.binary, fin = true, rsv = 0, masked = true, payload = new Uint8Array(0) } = frame
  const head = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode])
  const parts = [head, lengthField(payload.length, masked)]
  if (!masked) return Buffer.concat([...parts, payload])
  return Buffer.concat([...parts, Buffer.from(MASK), payload.map((byte, i) => byte ^ MASK[i % 4]!)])
}

export interface RawClient {
  readonly socket: Socket
  write(...frames: readonly RawFrame[]): void
  /** Everything after the answer to the upgrade, once `bytes` of it are there. */
  received(bytes: number): Promise<Buffer>
  /** The code of a close frame that comes first of all frames, or 1006 where the connection ends without one. */
  closeCode(): Promise<number>
  /** Resolves when TCP has ended. */
  readonly ended: Promise<void>
}

export interface Request {
  readonly port: number
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Sent in the same packet. */
  readonly with?: readonly RawFrame[]
}

export interface Answer {
  readonly status: number
  /** Status line and headers, in lower case. */
  readonly head: string
  readonly client: RawClient
}

const requestText = ({ port, method = "GET", path = "/ws", headers = {} }: Request): string => {
  const all: Record<string, string | undefined> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "securechat.v1",
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  )
  return [`${method} ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n")
}

const END_OF_HEAD = "\r\n\r\n"

/** Collects what a socket gives and answers questions about it as soon as it can. */
const collect = (socket: Socket) => {
  let bytes = Buffer.alloc(0)
  let isOver = false
  const asked = new Set<() => void>()
  const look = (): void => {
    for (const ask of asked) ask()
  }
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    look()
  })
  socket.on("close", () => {
    isOver = true
    look()
  })
  /** Resolves with the first answer that is not undefined. */
  const until = <T>(answer: (bytes: Buffer, isOver: boolean) => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const ask = (): void => {
        const found = answer(bytes, isOver)
        if (found === undefined) return
        asked.delete(ask)
        resolve(found)
      }
      asked.add(ask)
      ask()
    })
  return { until }
}

/** Sends the request; resolves with status and headers once they are there, with whatever follows. */
export const rawRequest = async (request: Request): Promise<Answer> => {
  const socket = connect(request.port, "127.0.0.1")
  // A reset is one of the endings these tests cause.
  socket.on("error", () => undefined)
  const ended = new Promise<void>((resolve) =>
    socket.on("close", () => {
      resolve()
    }),
  )
  const { until } = collect(socket)
  socket.write(Buffer.concat([Buffer.from(requestText(request)), ...(request.with ?? []).map(rawFrame)]))
  const headBytes = await until((bytes, isOver) => {
    const at = bytes.indexOf(END_OF_HEAD)
    return at >= 0 ? at + END_OF_HEAD.length : isOver ? 0 : undefined
  })
  const head = await until((bytes) => bytes.toString("latin1", 0, headBytes).toLowerCase())
  const status = Number(/^http\/1\.1 (\d+)/.exec(head)?.[1] ?? 0)
  return {
    status,
    head,
    client: {
      socket,
      ended,
      write: (...frames) => {
        socket.write(Buffer.concat(frames.map(rawFrame)))
      },
      received: (count) =>
        until((bytes, isOver) =>
          bytes.length >= headBytes + count || isOver ? bytes.subarray(headBytes) : undefined,
        ),
      closeCode: () =>
        until((bytes, isOver) => {
          const body = bytes.subarray(headBytes)
          if (body.length >= 4) return body[0] === (0x80 | OPCODE.close) ? body.readUInt16BE(2) : 0
          return isOver ? 1006 : undefined
        }),
    },
  }
}

/** A connection past its upgrade. */
export const rawClient = async (request: Request): Promise<RawClient> => {
  const { status, client } = await rawRequest(request)
  if (status !== 101) throw new Error(`upgrade answered ${status}`)
  return client
}
