/** The far end of a connection, which is in Node, as a transport in the page. */
import {
  type CloseInfo,
  MAX_FRAME_BYTES,
  type Transport,
  type TransportConnection,
  type TransportContext,
  guardConnection,
} from "@securechat/core/transport"

/** What the far end says in text. */
type Said =
  | { readonly open: true }
  | { readonly sent: boolean; readonly code?: string }
  | { readonly closed: CloseInfo }

interface Sending {
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const connect = (url: string, context: TransportContext): Promise<TransportConnection> =>
  new Promise((resolve, reject) => {
    const control = new WebSocket(url)
    control.binaryType = "arraybuffer"
    control.onerror = () => {
      reject(new Error("no far end"))
    }
    const sending: Sending[] = []
    const guarded = guardConnection(
      {
        bufferedBytes: () => sending.reduce((sum, { bytes }) => sum + bytes, 0),
        send: (frame) =>
          new Promise((done, failed) => {
            sending.push({ bytes: frame.length, resolve: done, reject: failed })
            control.send(frame)
          }),
        close: () => {
          control.send("close")
        },
      },
      {
        ...{ name: "remote", log: context.log, handlers: context, signal: context.signal },
        maxFrameBytes: MAX_FRAME_BYTES,
      },
    )
    const hear = (said: Said): void => {
      if ("open" in said) resolve(guarded.connection)
      else if ("closed" in said) {
        guarded.ended(said.closed)
        control.close()
      } else if (said.sent) sending.shift()?.resolve()
      else sending.shift()?.reject(new Error(said.code))
    }
    control.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") hear(JSON.parse(data) as Said)
      else guarded.received(new Uint8Array(data))
    }
  })

export const remoteEnd = (url: string): Transport => ({
  name: "remote",
  maxFrameBytes: MAX_FRAME_BYTES,
  connect: (context) => connect(url, context),
})
