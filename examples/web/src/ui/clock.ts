/** Times and days as people write them, in the browser's own language. */
import { strings } from "../strings.ts"

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" })
const withSeconds = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
})
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" })

const DAY_MS = 86_400_000

export const clock = (at: Date): string => time.format(at)
export const clockWithSeconds = (at: Date): string => withSeconds.format(at)

export const dayName = (day: Date, now: Date): string => {
  if (day.toDateString() === now.toDateString()) return strings.log.today
  const yesterday = new Date(now.getTime() - DAY_MS)
  return day.toDateString() === yesterday.toDateString() ? strings.log.yesterday : date.format(day)
}
