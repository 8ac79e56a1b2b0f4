/** Everything a relay can ask its shell for. `runtime.ts` is the only file that carries it out. */
import type { Frame } from "@securechat/core/wire"
import type { RelayIdentity } from "../auth/authorize.ts"
import type { News } from "./neighbours.ts"
import type { Question, Spending } from "./question.ts"

export type Effect =
  | { readonly type: "send"; readonly id: string; readonly frame: Frame }
  /** A delivery, as bytes. */
  | { readonly type: "pass"; readonly id: string; readonly bytes: Uint8Array }
  /** Ends a connection, after what was sent before; a WebSocket close code. */
  | { readonly type: "close"; readonly id: string; readonly code: number }
  /** `leave` or `late` comes back after this long, unless the connection is gone. */
  | { readonly type: "alarm"; readonly id: string; readonly what: "late" | "leave"; readonly afterMs: number }
  /** The login is over: its alarm is no longer needed. */
  | { readonly type: "disarm"; readonly id: string }
  | { readonly type: "authorize"; readonly id: string; readonly who: RelayIdentity }
  /** `answered` or `unanswered` comes back. */
  | {
      readonly type: "ask"
      readonly id: string
      readonly question: Question
      readonly spend: readonly Spending[]
    }
  /** A login with this fence is over. */
  | { readonly type: "left"; readonly device: string; readonly fence: number }
  /** For a device that is not here; it may be connected to another relay. */
  | { readonly type: "tell"; readonly news: News }
  /** The owner was told of its stock of prekeys. */
  | { readonly type: "told"; readonly account: string; readonly device: string }
  /** The last device of an account has left. */
  | { readonly type: "freeHandles"; readonly account: string }
  | { readonly type: "seen"; readonly accounts: readonly string[] }
  | { readonly type: "forget"; readonly beforeMs: number }
  /** Delete what the device has stored, then say where it stands. */
  | { readonly type: "resume"; readonly id: string; readonly device: string; readonly cursor: string }
  | {
      readonly type: "append"
      readonly id: string
      readonly request: number
      readonly device: string
      readonly dedupId: string
      readonly expiresAtMs: number
      readonly record: Uint8Array<ArrayBuffer>
    }
  | {
      readonly type: "readMail"
      readonly id: string
      readonly device: string
      readonly after: string
      readonly limit: number
    }
  | { readonly type: "ackMail"; readonly device: string; readonly upTo: string }
  | { readonly type: "dropMail"; readonly device: string }
  /** `mail` comes back for every append to this device, until the connection is gone. */
  | { readonly type: "watch"; readonly id: string; readonly device: string }
  | { readonly type: "count"; readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  | { readonly type: "observe"; readonly name: string; readonly value: number }
  /** `account` is written as a keyed hash, `address` only where the operator asked for it. */
  | {
      readonly type: "log"
      readonly level: "debug" | "info" | "warn"
      readonly event: string
      readonly fields: LogFields
    }

export interface LogFields {
  readonly connection?: string
  readonly account?: string
  readonly address?: string
  readonly code?: string
  readonly bytes?: number
  readonly ms?: number
}
