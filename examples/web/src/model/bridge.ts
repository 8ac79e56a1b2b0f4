/**
 * From the SDK to the signals: one way, nothing is decided here. The bridge is the only reader of
 * `subscribe`/`getSnapshot` and of the events.
 */
import { batch } from "@preact/signals"
import type {
  Conversation,
  Inspection,
  Message,
  MessageId,
  SecureChat,
  SecurityStatus,
  SendStatus,
  Unreadable,
  Unsubscribe,
} from "@securechat/core"
import { errorSentence, securitySentence } from "../sentences.ts"
import type { Announcer } from "./announcer.ts"
import type { PersonModel } from "./person.ts"
import { upsertRow, type Row } from "./rows.ts"
import { recordOnWire, type Wire } from "./wire.ts"

/** Encrypted forms kept on the screen; the SDK is asked to keep as many. */
export const INSPECTED = 200
const KEPT_ROWS = 200

interface Bridge {
  readonly chat: SecureChat
  readonly model: PersonModel
  readonly announcer: Announcer
  readonly wire: Wire
  /** Own messages the relay has, by now. */
  readonly passed: Set<MessageId>
}

const ON_THE_WIRE: ReadonlySet<SendStatus | undefined> = new Set<SendStatus | undefined>([
  "sent",
  "delivered",
  "read",
])

const keep = (model: PersonModel, row: Row, keepKnown = false): void => {
  const rows = upsertRow(model.rows.value, row, keepKnown)
  if (rows.length > KEPT_ROWS) model.hasEarlier.value = true
  model.rows.value = rows.slice(-KEPT_ROWS)
}

const keepForm = (model: PersonModel, inspection: Inspection): void => {
  const known = [...model.inspections.value].slice(-INSPECTED)
  model.inspections.value = new Map([...known, [inspection.messageId, inspection]])
}

/** What comes in tells its encrypted form by itself; for what goes out the SDK is asked. */
const learnForm = async (model: PersonModel, id: MessageId): Promise<Inspection | undefined> => {
  const [inspection] = (await model.conversation.value?.inspect(id)) ?? []
  if (inspection !== undefined) keepForm(model, inspection)
  return inspection
}

/** A message of one's own, as `send` returned it: events may have been faster. */
export const showOwn = async (model: PersonModel, message: Message): Promise<void> => {
  keep(model, message, true)
  await learnForm(model, message.id)
}

const isSeen = (model: PersonModel): boolean => model.onScreen.value && model.atEnd.value

const showOther = (bridge: Bridge, row: Message | Unreadable): void => {
  const { model, announcer } = bridge
  batch(() => {
    keep(model, row)
    model.peerTyping.value = false
    if (isSeen(model)) return
    if (model.caughtUp.value) model.unreadFrom.value = row.id
    model.caughtUp.value = false
  })
  announcer.messageFrom(model.peer.name)
  markSeen(model)
}

/** Tells the peer what is on the screen, as one cursor. */
export const markSeen = (model: PersonModel): void => {
  if (!isSeen(model)) return
  model.caughtUp.value = true
  const conversation = model.conversation.value
  // A cursor that does not move now moves with the next message: nothing to tell the person.
  if (conversation !== undefined && conversation.unread > 0) conversation.markRead().catch(() => undefined)
}

/** The relay has it once the status says so; only then has anything been on the wire. */
const onUpdated = async (bridge: Bridge, message: Message): Promise<void> => {
  const { model, wire, passed, announcer } = bridge
  keep(model, message)
  if (message.status === "failed" && message.problem) announcer.now(errorSentence(message.problem))
  if (!ON_THE_WIRE.has(message.status) || passed.has(message.id)) return
  passed.add(message.id)
  const inspection = await learnForm(model, message.id)
  if (inspection !== undefined) recordOnWire(wire, inspection, model.me, model.peer)
}

const onInspect = ({ model, wire }: Bridge, inspection: Inspection): void => {
  keepForm(model, inspection)
  if (inspection.direction === "in") recordOnWire(wire, inspection, model.peer, model.me)
}

/** Rejects only when the chat is closed meanwhile, and then its pane has a new one. */
const ignoreClosed = (): undefined => undefined

const showSecurity = ({ model, announcer }: Bridge, status: SecurityStatus): void => {
  const before = model.security.value
  model.security.value = status
  const isAlarm = status.level === "red" && before.level !== "red"
  if (isAlarm) announcer.now(securitySentence(status, model.peer.name))
}

const adopt = async (bridge: Bridge, conversation: Conversation): Promise<void> => {
  const { model } = bridge
  model.conversation.value = conversation
  showSecurity(bridge, conversation.security)
  const page = await conversation.page({ limit: KEPT_ROWS })
  model.rows.value = model.rows.value.reduce((rows: readonly Row[], row) => upsertRow(rows, row), page.items)
  model.hasEarlier.value = page.older !== undefined
  markSeen(model)
}

/** The one conversation this pane shows is the one with its peer; whoever else writes is not drawn. */
const onSnapshot = (bridge: Bridge): void => {
  const { chat, model } = bridge
  const { connection, conversations } = chat.getSnapshot()
  model.connection.value = connection
  const mine = conversations.find(({ title }) => title === model.peer.handle)
  if (mine === undefined) return
  if (mine !== model.conversation.value) adopt(bridge, mine).catch(ignoreClosed)
  else showSecurity(bridge, mine.security)
}

const connectionEvents = ({ chat, model }: Bridge): readonly Unsubscribe[] => [
  chat.on("connection", ({ state, retryAt }) => {
    batch(() => {
      model.connection.value = state
      model.retryAt.value = retryAt
      if (state === "online") model.lost.value = false
    })
  }),
  chat.on("connection:lost", () => {
    model.lost.value = true
  }),
  chat.on("error", (error) => {
    if (!error.retryable) model.notice.value = errorSentence(error)
  }),
]

const conversationEvents = (bridge: Bridge): readonly Unsubscribe[] => {
  const { chat, model } = bridge
  const here = <T extends { readonly conversationId?: string }>(listener: (event: T) => void) => {
    return (event: T): void => {
      if (event.conversationId === model.conversation.value?.id) listener(event)
    }
  }
  return [
    chat.on(
      "message",
      here((message) => {
        showOther(bridge, message)
      }),
    ),
    chat.on(
      "message:unreadable",
      here((row) => {
        showOther(bridge, row)
      }),
    ),
    chat.on(
      "message:updated",
      here((message) => {
        onUpdated(bridge, message).catch(ignoreClosed)
      }),
    ),
    chat.on(
      "typing",
      here(({ active }) => {
        model.peerTyping.value = active
      }),
    ),
    chat.on(
      "security",
      here(({ status }) => {
        showSecurity(bridge, status)
      }),
    ),
    chat.on("inspect", (inspection) => {
      onInspect(bridge, inspection)
    }),
  ]
}

/** Connects one client with one pane's signals until the returned function is called. */
export const bridge = (
  chat: SecureChat,
  to: { readonly model: PersonModel; readonly announcer: Announcer; readonly wire: Wire },
): Unsubscribe => {
  const parts: Bridge = { chat, ...to, passed: new Set() }
  const ends = [
    chat.subscribe(() => {
      onSnapshot(parts)
    }),
    ...connectionEvents(parts),
    ...conversationEvents(parts),
  ]
  onSnapshot(parts)
  return () => {
    for (const end of ends) end()
  }
}
