/** Encrypted forms kept for `inspect`: of the latest messages of a conversation, and only when asked for. */
import type { Batch } from "../runtime/commit.ts"
import { inspectionOf } from "../runtime/inspect.ts"
import type { Inspection } from "../runtime/types.ts"
import type { Store } from "../store/store.ts"
import type { ConversationId } from "../wire/address.ts"
import { type InspectionRecord, at, inspectionCodec } from "./records.ts"

/** Into a batch, while the one that falls out of the window goes. */
export const keepInspection = (
  batch: Batch,
  id: ConversationId,
  window: number,
  what: { readonly place: number; readonly record: InspectionRecord },
): void => {
  if (window === 0) return
  batch.set(at.inspection(id, what.place), inspectionCodec.encode(what.record))
  if (what.place > window) batch.delete(at.inspection(id, what.place - window))
}

export const readInspection = async (
  store: Store,
  id: ConversationId,
  place: number,
): Promise<Inspection | undefined> => {
  const bytes = await store.get(at.inspection(id, place))
  return bytes === undefined ? undefined : showInspection(inspectionCodec.decode(bytes))
}

export const showInspection = (record: InspectionRecord): Inspection =>
  inspectionOf({ ...record, direction: record.mine ? "out" : "in" })
