/**
 * How far a sealed store has come: one number for the whole store, shared by all who have one store object open, so
 * that no version is given twice.
 */
import { Reader } from "../bytes/reader.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import type { Store } from "./store.ts"

export interface State {
  readonly schema: number
  readonly written: number
}
export const encodeState = ({ schema, written }: State): Bytes =>
  new Writer().u16(schema).u64(written).bytes()
export const decodeState = (bytes: Uint8Array): State => {
  const input = new Reader(bytes)
  const state = { schema: input.u16(), written: input.u64() }
  input.end()
  return state
}

export class Progress {
  schema: number
  /** Version of the newest record given out. */
  written: number
  /** What the driver has confirmed, and what the marker has been told. */
  confirmed: number
  marked: number
  lost = 0
  users = 0

  constructor({ schema, written }: State) {
    this.schema = schema
    this.written = this.confirmed = this.marked = written
  }
}
/** Of the stores that somebody has open. */
export const inUse: WeakMap<Store, Progress> = /* @__PURE__ */ new WeakMap()

const turns = /* @__PURE__ */ new WeakMap<Store, Promise<unknown>>()
/** One opening of a store after another: two at once would make two keys for an empty one. */
export const inTurn = <T>(store: Store, work: () => Promise<T>): Promise<T> => {
  const result = (turns.get(store) ?? Promise.resolve()).then(work)
  turns.set(
    store,
    result.catch(() => undefined),
  )
  return result
}
