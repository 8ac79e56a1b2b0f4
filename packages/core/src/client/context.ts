/** What the parts of the client share. Each part asks another only through here, so that none imports another. */
import type { Deps } from "../deps.ts"
import type { Timers } from "../runtime/timers.ts"
import type { AccountId, ConversationId, MessageId } from "../wire/address.ts"
import type { Change, Ledger } from "./ledger.ts"
import type { Lights } from "./lights.ts"
import type { Settings } from "./options.ts"
import type { PeerLink } from "./peers.ts"
import type { MessageRecord } from "./records.ts"
import type { Relay } from "./relay.ts"
import type { ChatEvents, Message, Unreadable } from "./types.ts"

export interface Context {
  readonly settings: Settings
  readonly deps: Deps
  readonly timers: Timers
  readonly ledger: Ledger
  readonly lights: Lights
  readonly relay: Relay
  /** Fires at close; a fresh one after each start. */
  readonly signal: () => AbortSignal
  /** To the client's listeners, and to the conversation's. */
  readonly emit: <K extends keyof ChatEvents>(
    type: K,
    event: ChatEvents[K],
    conversation?: ConversationId,
  ) => void
  /** What no call can return. */
  readonly report: (error: unknown) => void
  /** Something a snapshot shows has changed: lights are compared, listeners told. */
  readonly changed: () => void
  /** The app's view of a record. */
  readonly show: (id: ConversationId, record: MessageRecord) => Message | Unreadable
  readonly announce: (id: ConversationId) => void
  /** Who remembers something of a conversation, and is told when it is gone, with its sessions. */
  readonly forgetting: Set<(id: ConversationId, devices: readonly PeerLink[]) => void>

  /** The outbox has something to do. */
  readonly pump: () => void
  /** The peer has everything up to here: its entries may go. */
  readonly settle: (change: Change, account: AccountId, upTo: number) => void
  /** A receipt is owed. */
  readonly owe: (id: ConversationId) => void
  /** Own messages to this account still have to be submitted: nothing that is sealed now may overtake them. */
  readonly toGo: (account: AccountId) => boolean
  /** None has any more. */
  readonly allOut: (id: ConversationId) => void
  /** Own messages are out and not confirmed. `heard`: their recipient has just spoken without having them. */
  readonly unconfirmed: (id: ConversationId, heard: boolean) => void
  /** A number was given up: its recipient waits for nothing there. */
  readonly givenUp: (id: ConversationId) => void
  /** The peer knows of these numbers and lacks some: their bytes go again. */
  readonly sendAgain: (account: AccountId, first: number, last: number) => void
  /** Keys for the conversation, if it has none. @throws what the directory and the handshake do. */
  readonly ensureSession: (id: ConversationId) => Promise<void>
  /** Asks the directory what a conversation's name means now. */
  readonly lookUp: (id: ConversationId) => void
  /** Wakes `waitFor` calls. */
  readonly updated: (id: ConversationId, messages: readonly MessageId[]) => void
}
