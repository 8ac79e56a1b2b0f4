/** From a flat list of messages to what the log draws: days, runs of one sender, the divider. Pure. */
import type { Message, SendStatus, Unreadable } from "@securechat/core"

export type Row = Message | Unreadable

export type DrawnRow =
  | { readonly kind: "day"; readonly key: string; readonly date: Date }
  | { readonly kind: "new"; readonly key: string; readonly count: number }
  | { readonly kind: "unreadable"; readonly key: string; readonly item: Unreadable }
  | {
      readonly kind: "message"
      readonly key: string
      readonly item: Message
      /** First and last of a run: they carry the outer corners. */
      readonly first: boolean
      readonly last: boolean
      readonly showStatus: boolean
    }

const RUN_MS = 5 * 60_000

const isMessage = (row: Row): row is Message => "sender" in row

/** Where a row stands in time: an own message when it was sent, another's when it came. */
export const timeOf = (row: Row): Date => (isMessage(row) ? (row.receivedAt ?? row.sentAt) : row.receivedAt)

const sameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString()

const sameRun = (a: Row | undefined, b: Row | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  isMessage(a) &&
  isMessage(b) &&
  a.mine === b.mine &&
  sameDay(timeOf(a), timeOf(b)) &&
  timeOf(b).getTime() - timeOf(a).getTime() < RUN_MS

/** Only on the last own message of a run, unless it differs from the one after it. */
const showsStatus = (row: Message, next: Row | undefined, last: boolean): boolean =>
  row.mine && (last || (next !== undefined && isMessage(next) && next.status !== row.status))

const drawRow = (rows: readonly Row[], index: number, unreadFrom: string | undefined): DrawnRow => {
  const item = rows[index] as Row
  const key = `row-${item.id}`
  if (!isMessage(item)) return { kind: "unreadable", key, item }
  const before = rows[index - 1]
  const next = rows[index + 1]
  const first = !sameRun(before, item) || item.id === unreadFrom
  const last = !sameRun(item, next) || next?.id === unreadFrom
  return { kind: "message", key, item, first, last, showStatus: showsStatus(item, next, last) }
}

/** How many came from there on: what one wrote oneself is not news. */
export const countUnread = (rows: readonly Row[], from: string | undefined): number => {
  const index = from === undefined ? -1 : rows.findIndex((row) => row.id === from)
  return index < 0 ? 0 : rows.slice(index).filter((row) => !isMessage(row) || !row.mine).length
}

/** `unreadFrom`: the first message that came while nobody looked. */
export const drawRows = (rows: readonly Row[], unreadFrom?: string): readonly DrawnRow[] =>
  rows.flatMap((row, index): readonly DrawnRow[] => {
    const before = rows[index - 1]
    const date = timeOf(row)
    const day: readonly DrawnRow[] =
      before !== undefined && sameDay(timeOf(before), date)
        ? []
        : [{ kind: "day", key: `day-${date.toDateString()}`, date }]
    const divider: readonly DrawnRow[] =
      row.id === unreadFrom ? [{ kind: "new", key: "new", count: countUnread(rows, unreadFrom) }] : []
    return [...day, ...divider, drawRow(rows, index, unreadFrom)]
  })

/** Replaces the row of the same id, or of what could not be read, or appends it. `keepKnown` leaves a known row alone: it is newer. */
export const upsertRow = (rows: readonly Row[], row: Row, keepKnown = false): readonly Row[] => {
  const index = rows.findIndex(
    (known) => known.id === row.id || (isMessage(row) && known.id === row.replaces),
  )
  if (index < 0) return [...rows, row]
  return keepKnown ? rows : rows.with(index, row)
}

const WAITING: ReadonlySet<SendStatus | undefined> = new Set<SendStatus | undefined>(["held", "failed"])
export const needsRetry = (message: Message): boolean => WAITING.has(message.status)

export const heldMessages = (rows: readonly Row[]): readonly Message[] =>
  rows.filter(isMessage).filter((message) => message.status === "held")
