/** All that one pane shows, as signals. Written by `bridge` and `actions`, read by components. */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals"
import type {
  ConnectionState,
  Conversation,
  Inspection,
  Message,
  MessageId,
  SafetyNumber,
  SecurityStatus,
} from "@securechat/core"
import { otherRole, person, type Person, type Role } from "../people.ts"
import { countUnread, drawRows, heldMessages, type DrawnRow, type Row } from "./rows.ts"

export type Sheet =
  | { readonly kind: "explain" }
  | {
      readonly kind: "compare"
      /** Absent while it is worked out. */
      readonly number?: SafetyNumber
      /** The key changed while the sheet was open. */
      readonly changed?: boolean
      readonly outcome?: "match" | "mismatch"
    }

export interface PersonModel {
  readonly me: Person
  readonly peer: Person
  readonly connection: Signal<ConnectionState>
  readonly retryAt: Signal<Date | undefined>
  /** Set only after five seconds without a connection. */
  readonly lost: Signal<boolean>
  readonly conversation: Signal<Conversation | undefined>
  readonly security: Signal<SecurityStatus>
  readonly rows: Signal<readonly Row[]>
  readonly hasEarlier: Signal<boolean>
  readonly inspections: Signal<ReadonlyMap<MessageId, Inspection>>
  readonly peerTyping: Signal<boolean>
  readonly notice: Signal<string | undefined>
  readonly draft: Signal<string>
  readonly showTokens: Signal<boolean>
  /** Messages turned over one by one; with `showTokens` it holds the exceptions. */
  readonly flipped: Signal<ReadonlySet<MessageId>>
  readonly sheet: Signal<Sheet | undefined>
  /** Taken offline in the drawer. */
  readonly cut: Signal<boolean>
  /** The pane is on the screen and its log is at the end: what comes in is read. */
  readonly onScreen: Signal<boolean>
  readonly atEnd: Signal<boolean>
  /** Where the divider stands: the first message that came unseen. It stays a while after it was seen. */
  readonly unreadFrom: Signal<MessageId | undefined>
  /** Everything has been on the screen. */
  readonly caughtUp: Signal<boolean>
  /** Wrote something by hand: ticks off the first hint. */
  readonly hasWritten: Signal<boolean>
  readonly blocked: ReadonlySignal<boolean>
  readonly drawn: ReadonlySignal<readonly DrawnRow[]>
  readonly held: ReadonlySignal<readonly Message[]>
  readonly unread: ReadonlySignal<number>
}

/** There is no conversation before the first meeting, and so no keys. */
const noConversation = (): SecurityStatus => ({ level: "red", reason: "no-session", since: new Date() })

const connectionSignals = () => ({
  connection: signal<ConnectionState>("idle"),
  retryAt: signal<Date | undefined>(undefined),
  lost: signal(false),
  cut: signal(false),
  notice: signal<string | undefined>(undefined),
})

const conversationSignals = () => ({
  conversation: signal<Conversation | undefined>(undefined),
  security: signal<SecurityStatus>(noConversation()),
  rows: signal<readonly Row[]>([]),
  hasEarlier: signal(false),
  inspections: signal<ReadonlyMap<MessageId, Inspection>>(new Map()),
  peerTyping: signal(false),
  unreadFrom: signal<MessageId | undefined>(undefined),
  caughtUp: signal(true),
})

const viewSignals = () => ({
  draft: signal(""),
  showTokens: signal(false),
  flipped: signal<ReadonlySet<MessageId>>(new Set()),
  sheet: signal<Sheet | undefined>(undefined),
  onScreen: signal(true),
  atEnd: signal(true),
  hasWritten: signal(false),
})

export const createPersonModel = (role: Role, demo: string): PersonModel => {
  const signals = { ...connectionSignals(), ...conversationSignals(), ...viewSignals() }
  return {
    me: person(role, demo),
    peer: person(otherRole(role), demo),
    ...signals,
    blocked: computed(() => signals.security.value.level === "red"),
    drawn: computed(() => drawRows(signals.rows.value, signals.unreadFrom.value)),
    held: computed(() => heldMessages(signals.rows.value)),
    unread: computed(() =>
      signals.caughtUp.value ? 0 : countUnread(signals.rows.value, signals.unreadFrom.value),
    ),
  }
}

/** What belongs to an identity goes with it; what the person set up on the screen stays. */
export const forgetIdentity = (model: PersonModel): void => {
  model.connection.value = "idle"
  model.lost.value = false
  model.notice.value = undefined
  model.conversation.value = undefined
  model.security.value = noConversation()
  model.rows.value = []
  model.hasEarlier.value = false
  model.inspections.value = new Map()
  model.peerTyping.value = false
  model.unreadFrom.value = undefined
  model.caughtUp.value = true
  model.flipped.value = new Set()
  model.sheet.value = undefined
}
