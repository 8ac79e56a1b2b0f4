/**
 * Socket.IO packets, bounded before and after they are parsed: a relay may be the attacker, and a client
 * of one certainly may. Not its concern: what a frame holds.
 *
 * A frame of ours is `51-["securechat.v1",{"_placeholder":true,"num":0}]` and the frame as its one binary
 * attachment, in both directions. relay.md §2
 */
import {
  MAX_EARLY_EVENTS,
  MAX_FOREIGN_ATTACHMENTS,
  MAX_SOCKETIO_ATTACHMENTS,
  MAX_SOCKETIO_TEXT_BYTES,
} from "@securechat/core/transport"
import { Decoder, type Packet, PacketType } from "socket.io-parser"

/** The event that carries frames between a relay and its clients. */
export const RELAY_EVENT = "securechat.v1"
/** Where Socket.IO listens, here and in every default of its own. */
export const RELAY_PATH = "/socket.io"

/** Bytes of an attachment, as a view: `Buffer` in Node, `ArrayBuffer` in browsers. Undefined for anything else. */
export const bytesOf = (value: unknown): Uint8Array | undefined => {
  if (value instanceof Uint8Array) return value
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
}

const malformed = (): Error => new Error("malformed packet")

/** A packet that a relay and its client may send each other. The `id` would ask for an acknowledgement: nobody gives one. */
const isOurs = ({ type, nsp, id, data }: Packet): boolean => {
  if (nsp !== "/" || id !== undefined) return false
  const args: unknown = data
  if (type !== PacketType.EVENT) return type === PacketType.CONNECT || type === PacketType.DISCONNECT
  return Array.isArray(args) && args.length === 2 && args[0] === RELAY_EVENT && bytesOf(args[1]) !== undefined
}

/**
 * The library's decoder with our bounds: `add` throws at what may not come. `relay`: nothing but frames
 * and the beginning and end of the default namespace; else an app's own server, which sends what it likes.
 */
export const decoderFor = (relay: boolean): new () => Decoder =>
  class extends Decoder {
    readonly #inner = new Decoder({
      maxAttachments: relay ? MAX_SOCKETIO_ATTACHMENTS : MAX_FOREIGN_ATTACHMENTS,
    })
    #connected = false
    #early = 0

    constructor() {
      super()
      this.#inner.on("decoded", (packet) => {
        this.#check(packet)
        this.emitReserved("decoded", packet)
      })
    }

    override add(packet: unknown): void {
      if (relay && typeof packet === "string" && packet.length > MAX_SOCKETIO_TEXT_BYTES) throw malformed()
      this.#inner.add(packet)
    }

    override destroy(): void {
      this.#inner.destroy()
    }

    #check(packet: Packet): void {
      const { type } = packet
      const isConnect = type === PacketType.CONNECT
      const isError = type === PacketType.CONNECT_ERROR
      if (
        // The client reads a field of a refusal outside of any `try`: without data it would end the process.
        (isError ? packet.data === undefined : relay && !isOurs(packet)) ||
        (isConnect && relay && this.#connected) ||
        // The client keeps what comes before, without a bound of its own.
        (!isConnect && !isError && !this.#connected && ++this.#early > (relay ? 0 : MAX_EARLY_EVENTS))
      )
        throw malformed()
      this.#connected ||= isConnect
    }
  }
