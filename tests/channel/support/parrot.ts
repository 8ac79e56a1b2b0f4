/**
 * A member of a room who says once more what others say, and remembers it all: every beginning and each third message
 * come twice to everybody, and old frames can be played again.
 */
import { ENVELOPE_TYPE, helloCodec } from "@securechat/core/wire"
import { contextOf, recordedEnd, recorder } from "@securechat/testkit"
import type { StrangersRoom } from "../rooms/room.ts"

export interface Parrot {
  /** What it heard, each frame once, in order. */
  readonly heard: readonly Uint8Array[]
  /** Says these again; resolves when the room has passed them on. */
  replay(frames: readonly Uint8Array[]): Promise<void>
  leave(): Promise<void>
}

const hex = (frame: Uint8Array): string => Buffer.from(frame).toString("hex")
const isOf = (type: number) => (frame: Uint8Array) => frame[1] === type
export const isHello = isOf(ENVELOPE_TYPE.hello)
export const isFirst = isOf(ENVELOPE_TYPE.first)
/** Public, and as long as a key: what a search for keys must not take for one. */
export const nonceOf = (hello: Uint8Array): string => hex(helloCodec.decode(hello).nonce)

export const parrot = async (room: StrangersRoom): Promise<Parrot> => {
  const heard = new Map<string, Uint8Array>()
  const marks = new Map<string, () => void>()
  const hear = (frame: Uint8Array): void => {
    const id = hex(frame)
    marks.get(id)?.()
    if (!heard.has(id)) {
      heard.set(id, frame)
      if (frame[1] !== ENVELOPE_TYPE.message || heard.size % 3 === 0) void beak.connection.send(frame)
    }
  }
  // Not every room echoes: what it says itself comes back to its ear.
  const beak = await recordedEnd(room.join())
  const ear = await room.join().connect({ ...contextOf(recorder()), onFrame: hear })
  return {
    get heard() {
      return [...heard.values()]
    },
    replay: async (frames) => {
      // A room keeps the order: when this one is back, those before it have gone to everybody.
      const mark = Buffer.from(`mark ${marks.size}`)
      heard.set(hex(mark), mark)
      const back = new Promise<void>((resolve) => marks.set(hex(mark), resolve))
      for (const frame of [...frames, mark]) await beak.connection.send(frame)
      await back
    },
    leave: async () => {
      await Promise.all([beak.connection.close(), ear.close()])
    },
  }
}
