/** Own messages as a store that is not sealed holds them: whom each was for and its number, which no public name shows. */
import { type MessageRecord, messageCodec } from "../../src/client/records.ts"

export type OwnMessage = Pick<MessageRecord, "peer" | "sequence" | "text">

/** @param records values of the table "message". */
export const ownMessages = (records: readonly Uint8Array[]): readonly OwnMessage[] =>
  records.map((bytes) => messageCodec.decode(bytes)).filter(({ mine }) => mine)
