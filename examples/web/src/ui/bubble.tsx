/** One message: its text, or its encrypted form, with time and delivery status inside the last line. */
import type { Message, SecurityLevel, SendStatus } from "@securechat/core"
import type { JSX, RefObject } from "preact"
import { useLayoutEffect, useRef } from "preact/hooks"
import { needsRetry, timeOf, type DrawnRow } from "../model/rows.ts"
import { isEmojiOnly, textParts } from "../model/text.ts"
import { errorSentence } from "../sentences.ts"
import { strings } from "../strings.ts"
import { clock } from "./clock.ts"
import { useDesk } from "./desk.tsx"
import { Icon, type IconName } from "./icons.tsx"
import { TokenView } from "./token.tsx"

const STATUS_ICONS: Readonly<Record<SendStatus, IconName>> = {
  queued: "clock",
  sending: "clock",
  sent: "check",
  delivered: "checks",
  read: "checks",
  held: "pause",
  failed: "alert",
}

const Status = ({ status }: { status: SendStatus }): JSX.Element => (
  <span
    class="status"
    data-status={status}
    role="img"
    aria-label={strings.status[status]}
    title={strings.status[status]}
  >
    <Icon name={STATUS_ICONS[status]} size={16} />
  </span>
)

const RANK: Readonly<Record<SecurityLevel, number>> = { red: 0, yellow: 1, green: 2 }

/** A snapshot is never repainted: what came in before the comparison keeps saying so. */
const LowerDot = ({ message }: { message: Message }): JSX.Element | null => {
  const { model } = useDesk()
  if (RANK[message.security.level] >= RANK[model.security.value.level]) return null
  const note = message.mine ? strings.log.lowerOwn(model.peer.name) : strings.log.lower(model.peer.name)
  return <span class="lower-dot" role="img" aria-label={note} title={note} />
}

const Text = ({ text }: { text: string }): JSX.Element => (
  <span class="text" dir="auto">
    {textParts(text).map((part, index) =>
      part.kind === "text" ? (
        part.text
      ) : (
        <a key={index} href={part.text} target="_blank" rel="noopener noreferrer">
          {part.text}
        </a>
      ),
    )}
  </span>
)

const Trouble = ({ message }: { message: Message }): JSX.Element => {
  const { actions, model } = useDesk()
  const held = message.status === "held"
  const why = held || message.problem === undefined ? strings.log.heldNote : errorSentence(message.problem)
  return (
    <p class="trouble">
      {why}
      <button
        type="button"
        class="text-button"
        disabled={model.blocked.value}
        onClick={() => void actions.retry(message.id)}
      >
        {held ? strings.log.sendHeld : strings.log.retry}
      </button>
    </p>
  )
}

const Meta = ({ message, showStatus }: { message: Message; showStatus: boolean }): JSX.Element => (
  <span class="meta">
    <LowerDot message={message} />
    <time dateTime={timeOf(message).toISOString()}>{clock(timeOf(message))}</time>
    {message.mine && showStatus && message.status !== undefined && <Status status={message.status} />}
  </span>
)

const FlipButton = ({ id, flipped }: { id: string; flipped: boolean }): JSX.Element => {
  const { actions } = useDesk()
  const label = flipped ? strings.log.flipBack : strings.log.flip
  return (
    <button
      type="button"
      class="flip"
      aria-label={label}
      aria-pressed={flipped}
      title={label}
      onClick={() => {
        actions.flip(id)
      }}
    >
      <Icon name={flipped ? "close" : "lock"} size={16} />
    </button>
  )
}

/** Brings a message that was turned over by itself wholly into view. */
const useInView = (turned: boolean): RefObject<HTMLLIElement | null> => {
  const row = useRef<HTMLLIElement>(null)
  useLayoutEffect(() => {
    if (turned) row.current?.scrollIntoView({ block: "nearest" })
  }, [turned])
  return row
}

type MessageRow = Extract<DrawnRow, { kind: "message" }>

export const Bubble = ({ row }: { row: MessageRow }): JSX.Element => {
  const { model } = useDesk()
  const { item: message, first, last } = row
  const text = message.text ?? ""
  // The switch turns all messages over, and the button of one message is the exception to it.
  const flipped = model.showTokens.value !== model.flipped.value.has(message.id)
  const sender = message.mine ? strings.log.you : model.peer.name
  const side = message.mine ? "mine" : "theirs"
  return (
    <li
      class="message"
      ref={useInView(model.flipped.value.has(message.id))}
      data-side={side}
      data-id={message.id}
      data-first={first}
      data-last={last}
    >
      <div class="bubble-line">
        <div class="bubble" data-flipped={flipped} data-emoji={!flipped && isEmojiOnly(text)}>
          <span class="visually-hidden">{sender}: </span>
          {flipped ? (
            <TokenView inspection={model.inspections.value.get(message.id)} />
          ) : (
            <Text text={text} />
          )}
          <Meta message={message} showStatus={row.showStatus} />
        </div>
        <FlipButton id={message.id} flipped={flipped} />
      </div>
      {needsRetry(message) && <Trouble message={message} />}
    </li>
  )
}
