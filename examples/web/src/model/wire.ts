/** What the relay sees of the messages that pass: shared by both panes, newest first. */
import { signal, type Signal } from "@preact/signals"
import type { Inspection, MessageId } from "@securechat/core"
import type { Person } from "../people.ts"

export interface WireEntry {
  readonly id: MessageId
  readonly from: Person
  readonly to: Person
  readonly bytes: number
  readonly at: Date
  /** The first letters of the token. */
  readonly token: string
}

const KEPT = 40
const TOKEN_LETTERS = 24

export type Wire = Signal<readonly WireEntry[]>

export const createWire = (): Wire => signal<readonly WireEntry[]>([])

export const recordOnWire = (wire: Wire, inspection: Inspection, from: Person, to: Person): void => {
  if (wire.value.some((entry) => entry.id === inspection.messageId)) return
  const entry = {
    id: inspection.messageId,
    from,
    to,
    bytes: inspection.wireBytes,
    at: new Date(),
    token: inspection.token.slice(0, TOKEN_LETTERS),
  }
  wire.value = [entry, ...wire.value].slice(0, KEPT)
}
