/**
 * Everything that can appear on the screen, and its one-line form for pipes. Pure. Names and texts of
 * peers are made safe where an entry is made (`talk.ts`), so that no view can forget it.
 */
import type { AccountId, ConnectionState, Inspection, SafetyNumber, SecurityStatus } from "@securechat/core"
import { levelWord } from "./wording.ts"

export type Delivery = "sent" | "delivered" | "read" | "held" | "failed"

export type Entry =
  | { readonly kind: "account"; readonly name: string; readonly accountId: AccountId }
  | { readonly kind: "connection"; readonly state: ConnectionState }
  /** The conversation that typed lines go to from now on. */
  | { readonly kind: "conversation"; readonly who: string; readonly status: SecurityStatus }
  | { readonly kind: "security"; readonly who: string; readonly status: SecurityStatus }
  | { readonly kind: "message"; readonly who: string; readonly text: string; readonly status: SecurityStatus }
  /** Of an earlier run. */
  | { readonly kind: "past"; readonly who: string; readonly text: string; readonly mine: boolean }
  | { readonly kind: "said"; readonly who: string; readonly text: string; readonly number: number }
  | { readonly kind: "delivery"; readonly who: string; readonly number: number; readonly delivery: Delivery }
  | { readonly kind: "unreadable"; readonly who: string; readonly code: string }
  | { readonly kind: "typing"; readonly who: string; readonly active: boolean }
  | { readonly kind: "number"; readonly who: string; readonly number: SafetyNumber }
  | { readonly kind: "encrypted"; readonly copy: Inspection }
  | { readonly kind: "info"; readonly text: string }
  | { readonly kind: "error"; readonly code: string; readonly text: string }

const security = (status: SecurityStatus): string => `${levelWord(status.level)} ${status.reason}`

const encrypted = ({ token, header, wireBytes, contentBytes }: Inspection): string =>
  `encrypted ${wireBytes} bytes for ${contentBytes}: type ${header.type}, session ${header.sessionId}, ` +
  `count ${header.count}, ML-KEM ${header.kem}, token ${token}`

/**
 * The line of `--plain`: the kind, then fields that hold no space, then free text. Undefined: not worth a line.
 * These lines are a format that scripts read; a change of one is a change for them.
 */
export const plainLine = (entry: Entry): string | undefined => {
  switch (entry.kind) {
    case "account":
      return `account ${entry.name} ${entry.accountId}`
    case "connection":
      return `connection ${entry.state}`
    case "conversation":
      return `conversation ${entry.who} ${security(entry.status)}`
    case "security":
      return `security ${entry.who} ${security(entry.status)}`
    case "message":
      return `message ${entry.who} ${levelWord(entry.status.level)} ${entry.text}`
    case "past":
      return `past ${entry.who} ${entry.mine ? "out" : "in"} ${entry.text}`
    case "said":
      return `said ${entry.who} ${entry.number} ${entry.text}`
    case "delivery":
      return `delivery ${entry.who} ${entry.number} ${entry.delivery}`
    case "unreadable":
      return `unreadable ${entry.who} ${entry.code}`
    case "typing":
      return undefined
    case "number":
      return `number ${entry.who} ${entry.number.groups.join(" ")}`
    case "encrypted":
      return encrypted(entry.copy)
    case "info":
      return `info ${entry.text}`
    case "error":
      return `error ${entry.code} ${entry.text}`
  }
}
