/** Everything that can happen to a relay. `id` names a connection; one that is gone is ignored. */
import type { RelayDecision } from "../auth/authorize.ts"
import type { FreshMail, MailItem } from "../mailbox/mailbox.ts"
import type { News } from "./neighbours.ts"
import type { Answered, Question } from "./question.ts"

export type Input =
  | {
      readonly type: "opened"
      readonly id: string
      readonly address: string
      readonly origin: string
      readonly page?: string
      readonly transport: string
    }
  | { readonly type: "frame"; readonly id: string; readonly bytes: Uint8Array }
  | { readonly type: "closed"; readonly id: string }
  /** Too long without a login. */
  | { readonly type: "late"; readonly id: string }
  /** The app's word about a login or a new token; `undefined`: it threw, hung or spoke nonsense. */
  | { readonly type: "decided"; readonly id: string; readonly decision: RelayDecision | undefined }
  | { readonly type: "answered"; readonly id: string; readonly answered: Answered }
  /** A bucket that all relays share is empty, or, without a wait, nobody can answer. */
  | {
      readonly type: "unanswered"
      readonly id: string
      readonly question: Question
      readonly retryAfterMs: number | undefined
    }
  /** Where the mailbox stands for a device that logged in; `undefined`: it cannot answer. */
  | {
      readonly type: "resumed"
      readonly id: string
      readonly place:
        { readonly resumed: boolean; readonly after: string; readonly backlog: number } | undefined
    }
  | {
      readonly type: "appended"
      readonly id: string
      readonly request: number
      readonly envelopeId: Uint8Array<ArrayBuffer>
      readonly result: "stored" | "duplicate" | "full" | "failed"
    }
  /** `fresh`: what came, where the mailbox had it at hand. */
  | {
      readonly type: "mail"
      readonly id: string
      readonly fresh?: FreshMail | undefined
      readonly room?: number | undefined
    }
  /** `room`: bytes the socket still takes. `undefined` items: the mailbox cannot answer. */
  | {
      readonly type: "mailRead"
      readonly id: string
      readonly asked: number
      readonly items: readonly MailItem[] | undefined
      readonly room: number
    }
  /** A socket without room has some again. */
  | { readonly type: "drained"; readonly id: string }
  /** An answer did not fit into its socket: the reader is too far behind to go on with. */
  | { readonly type: "overflowed"; readonly id: string }
  /** Another relay says so. */
  | { readonly type: "heard"; readonly news: News }
  /** Every second. */
  | { readonly type: "tick" }
  /** Every minute. */
  | { readonly type: "sweep" }
  /** The relay ends: everybody leaves, spread evenly over `drainMs`. */
  | { readonly type: "drain"; readonly drainMs: number }
  /** This connection's turn to leave a draining relay. */
  | { readonly type: "leave"; readonly id: string }
