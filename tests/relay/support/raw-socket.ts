/** Sockets below any WebSocket library: what no client would send. */
import { type Socket, connect as tcp } from "node:net"
import { way } from "../../support/transports.ts"

/** Raw TCP behind a good upgrade: what no WebSocket library sends. */
export const rawUpgrade = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = tcp(port, "127.0.0.1", () => {
      socket.write(
        [
          `GET ${way().path} HTTP/1.1`,
          `Host: 127.0.0.1:${port}`,
          "Upgrade: websocket",
          "Connection: Upgrade",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          "Sec-WebSocket-Version: 13",
          ...(way().name === "websocket" ? ["Sec-WebSocket-Protocol: securechat.v1"] : []),
          "\r\n",
        ].join("\r\n"),
      )
    })
    socket.once("data", (data) => {
      if (data.toString("latin1").startsWith("HTTP/1.1 101")) resolve(socket)
      else reject(new Error(data.toString("latin1")))
    })
    socket.once("error", reject)
  })

const CLOSE_WITHOUT_CODE = Buffer.of(0x88, 0)

/** Everything the relay still says on a raw socket, until it hangs up. */
export const untilClosed = (socket: Socket): Promise<Buffer> =>
  new Promise((resolve) => {
    const parts: Buffer[] = []
    socket.on("data", (part: Buffer) => {
      parts.push(part)
      // The other half of the closing handshake, without which the relay would wait for it.
      const received = Buffer.concat(parts)
      if (closeCode(received) !== undefined || received.subarray(-2).equals(CLOSE_WITHOUT_CODE)) socket.end()
    })
    socket.on("error", () => undefined)
    socket.on("close", () => {
      resolve(Buffer.concat(parts))
    })
  })

/** Status code of the WebSocket close frame at the end of what was received. */
export const closeCode = (received: Buffer): number | undefined => {
  const at = received.lastIndexOf(0x88)
  return at === -1 || at + 4 > received.length ? undefined : received.readUInt16BE(at + 2)
}

/** One masked client frame; the mask is zero, so the payload stays as it is. */
export const wsFrame = (firstByte: number, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(firstByte, 0x80 | payload.length, 0, 0, 0, 0), payload])
