/** What a mailbox keeps of an envelope: the delivery without its cursor. The body stays as received. */
import { type Bytes, type FrameOf, frameCodec } from "@securechat/core/wire"

type StoredEnvelope = Omit<FrameOf<"deliver">, "type" | "request" | "cursor">

const NO_CURSOR = new Uint8Array(0)

/** The same bytes as the frame that will carry it, so that there is one layout to get right. */
export const encodeRecord = (stored: StoredEnvelope): Bytes =>
  frameCodec.encode({ ...stored, type: "deliver", request: 0, cursor: NO_CURSOR })

/** The delivery of a record under the cursor it was read with. */
export const deliveryOf = (record: Uint8Array, cursor: Bytes): FrameOf<"deliver"> => ({
  ...(frameCodec.decode(record) as FrameOf<"deliver">),
  cursor,
})
