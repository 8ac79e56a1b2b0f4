/** One entry of the log, drawn. */
import { Box, Text } from "ink"
import { type ReactNode, createElement as h } from "react"
import type { SafetyNumber } from "@securechat/core"
import { type Entry, plainLine } from "./entry.ts"
import { qrRows } from "./qr.ts"
import { levelWord, reasonSentence } from "./wording.ts"

export interface RowProps {
  readonly entry: Entry
  readonly color: boolean
  readonly columns: number
}

/** Light on dark whatever the theme: a camera reads no inverted code. Without color the theme decides. */
const code = (number: SafetyNumber, color: boolean, columns: number): ReactNode => {
  const rows = qrRows(number.qr)
  if ((rows[0]?.length ?? 0) > columns)
    return h(Text, { dimColor: true }, "(The code needs a wider terminal.)")
  const paint = color ? { color: "whiteBright", backgroundColor: "black" } : null
  return h(Text, paint, rows.join("\n"))
}

const groupsOfFour = (groups: readonly string[]): readonly string[] =>
  [0, 4, 8].map((start) => groups.slice(start, start + 4).join("  "))

const NumberRow = ({
  who,
  number,
  color,
  columns,
}: { who: string; number: SafetyNumber } & Omit<RowProps, "entry">): ReactNode =>
  h(
    Box,
    { flexDirection: "column", marginY: 1 },
    h(Text, { bold: true }, `Safety number with ${who}`),
    ...groupsOfFour(number.groups).map((row) => h(Text, { key: row }, row)),
    code(number, color, columns),
  )

const notice = (text: string): ReactNode => h(Text, { dimColor: true }, `  ${text}`)

/** In a column of its own: a long text, however it breaks, never begins a line where a name would stand. */
const spoken = (
  who: string,
  text: string,
  { paint, columns }: { paint: object | null; columns: number },
): ReactNode =>
  h(
    Box,
    { width: columns },
    h(
      Box,
      { flexShrink: 0, maxWidth: Math.floor(columns / 2), marginRight: 2 },
      h(Text, { bold: true, wrap: "truncate", ...paint }, who),
    ),
    h(Text, null, text),
  )

export const RowLine = ({ entry, color, columns }: RowProps): ReactNode => {
  switch (entry.kind) {
    case "message":
      return spoken(entry.who, entry.text, { paint: color ? { color: "magenta" } : null, columns })
    case "past":
      return spoken(entry.mine ? "you" : entry.who, entry.text, { paint: { dimColor: true }, columns })
    case "said":
      return spoken("you", entry.text, { paint: color ? { color: "cyan" } : null, columns })
    case "conversation":
      return notice(`Talking to ${entry.who}. ${reasonSentence(entry.status.reason, entry.who)}`)
    case "security": {
      const paint = color ? { color: entry.status.level } : null
      const level = h(Text, { bold: true, ...paint }, `● ${levelWord(entry.status.level)} `)
      return h(Text, null, level, reasonSentence(entry.status.reason, entry.who))
    }
    case "unreadable":
      return notice(`A message from ${entry.who} could not be read (${entry.code}).`)
    case "delivery":
      return notice(`Message ${entry.number} is ${entry.delivery}.`)
    case "number":
      return h(NumberRow, { who: entry.who, number: entry.number, color, columns })
    case "error":
      return h(Text, color ? { color: "red" } : null, `! ${entry.text}`)
    case "info":
      return notice(entry.text)
    case "account":
      return notice(`You are ${entry.name}, account ${entry.accountId}`)
    default:
      return notice(plainLine(entry) ?? "")
  }
}
