/**
 * All that a person can do in a pane. Components call these and nothing of the SDK; what the SDK
 * refuses becomes a sentence in the pane.
 */
import {
  SecureChatError,
  type Contact,
  type Conversation,
  type MessageId,
  type SafetyNumber,
} from "@securechat/core"
import { markSeen, showOwn } from "./model/bridge.ts"
import type { PersonModel } from "./model/person.ts"
import type { Seat } from "./seat.ts"
import { errorSentence } from "./sentences.ts"

const EARLIER = 100
const LONGEST_PAGE = 500

/** Runs one action; true when it went through. A refusal is shown, a bug is not swallowed. */
const attempt = async (model: PersonModel, action: () => Promise<unknown>): Promise<boolean> => {
  try {
    await action()
    return true
  } catch (error) {
    if (!SecureChatError.is(error)) throw error
    model.notice.value = errorSentence(error)
    return false
  }
}

const withConversation = async (
  model: PersonModel,
  action: (conversation: Conversation, contact: Contact) => Promise<unknown>,
): Promise<boolean> => {
  const conversation = model.conversation.value
  const contact = conversation?.members[0]
  if (conversation === undefined || contact === undefined) return false
  return attempt(model, () => action(conversation, contact))
}

const messageActions = (model: PersonModel) => ({
  /** Sends the draft. It comes back into the field when the SDK refuses. */
  async send(): Promise<void> {
    const draft = model.draft.value
    const text = draft.trim()
    if (text === "") return
    model.draft.value = ""
    const isSent = await withConversation(model, async (conversation) => {
      const message = await conversation.send(text)
      model.notice.value = undefined
      model.hasWritten.value = true
      model.unreadFrom.value = undefined
      await showOwn(model, message)
    })
    if (!isSent && model.draft.value === "") model.draft.value = draft
  },

  write(draft: string): void {
    model.draft.value = draft
    model.conversation.value?.typing(draft !== "")
  },

  retry: (id: MessageId) => withConversation(model, (conversation) => conversation.retry(id)),

  async sendHeld(): Promise<void> {
    for (const { id } of model.held.value)
      if (!(await withConversation(model, (conversation) => conversation.retry(id)))) return
  },

  showEarlier: () =>
    withConversation(model, async (conversation) => {
      const limit = Math.min(LONGEST_PAGE, model.rows.value.length + EARLIER)
      const page = await conversation.page({ limit })
      model.rows.value = page.items
      model.hasEarlier.value = page.older !== undefined && limit < LONGEST_PAGE
    }),

  /** Whether the end of the log is in view: decides what counts as read. */
  reachEnd(atEnd: boolean): void {
    model.atEnd.value = atEnd
    if (atEnd) markSeen(model)
  },

  clearUnread(): void {
    model.unreadFrom.value = undefined
  },

  appear(onScreen: boolean): void {
    model.onScreen.value = onScreen
    if (onScreen) markSeen(model)
  },
})

/** Shows the number of this moment; a sheet that was closed meanwhile stays closed. */
const loadNumber = (model: PersonModel, changed = false): Promise<boolean> =>
  withConversation(model, async (_, contact) => {
    const number = await contact.safetyNumber()
    if (model.sheet.value?.kind === "compare") model.sheet.value = { kind: "compare", number, changed }
  })

/** Confirms or denies exactly what was on the screen; when that is stale, shows what is true now. */
const decide = async (
  model: PersonModel,
  outcome: "match" | "mismatch",
  decision: (contact: Contact, seen: SafetyNumber) => Promise<unknown>,
): Promise<void> => {
  const sheet = model.sheet.value
  const seen = sheet?.kind === "compare" ? sheet.number : undefined
  if (seen === undefined) return
  await withConversation(model, async (_, contact) => {
    try {
      await decision(contact, seen)
      model.sheet.value = { kind: "compare", number: seen, outcome }
    } catch (error) {
      if (!SecureChatError.is(error, "ERR_VERIFICATION_STALE")) throw error
      await loadNumber(model, true)
    }
  })
}

const trustActions = (model: PersonModel, seat: Seat) => ({
  async compare(): Promise<void> {
    model.sheet.value = { kind: "compare" }
    if (!(await loadNumber(model))) model.sheet.value = undefined
  },
  explain(): void {
    model.sheet.value = { kind: "explain" }
  },
  closeSheet(): void {
    model.sheet.value = undefined
  },
  /** The peer changed while the number was on the screen. */
  refreshNumber: () => loadNumber(model, true),

  match: () => decide(model, "match", (contact, seen) => contact.verify(seen)),
  mismatch: () => decide(model, "mismatch", (contact, seen) => contact.reject(seen)),
  withdraw: () => withConversation(model, (_, contact) => contact.unverify()),

  /** Takes the identity that was on the screen when the button was drawn, and no other. */
  async accept(): Promise<void> {
    const { subject } = model.security.value
    if (subject !== undefined) await withConversation(model, (_, contact) => contact.accept(subject))
  },
  async reset(): Promise<void> {
    model.sheet.value = undefined
    await withConversation(model, (_, contact) => contact.reset())
  },
  meetAgain: () => seat.meet(),
})

const viewActions = (model: PersonModel) => ({
  showTokens(on: boolean): void {
    model.showTokens.value = on
    model.flipped.value = new Set()
  },
  /** Turns one message over; the log then stays with it instead of its end. */
  flip(id: MessageId): void {
    model.atEnd.value = model.rows.value.at(-1)?.id === id
    const flipped = new Set(model.flipped.value)
    if (!flipped.delete(id)) flipped.add(id)
    model.flipped.value = flipped
  },
  dismissNotice(): void {
    model.notice.value = undefined
  },
  /** False: the browser refused. */
  async copy(text: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      return false
    }
  },
})

const demoActions = (seat: Seat) => ({
  renew: () => seat.renew(),
  cut(on: boolean): void {
    seat.cut(on)
  },
  reconnect(): void {
    seat.reconnect()
  },
})

// The shape is the sum of the groups above; writing it out again would only let the two drift apart.
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- see above
export const createActions = (seat: Seat) => ({
  ...messageActions(seat.model),
  ...trustActions(seat.model, seat),
  ...viewActions(seat.model),
  ...demoActions(seat),
})

export type Actions = ReturnType<typeof createActions>
