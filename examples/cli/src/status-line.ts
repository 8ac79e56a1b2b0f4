/** Level as dot, word and color together; reason; peer; connection; delivery of the last own message. */
import { Text } from "ink"
import { type ReactNode, createElement as h } from "react"
import type { Delivery } from "./entry.ts"
import type { View } from "./view.ts"
import { connectionWord, levelWord, reasonWord } from "./wording.ts"

const MARK: Readonly<Record<Delivery, string>> = {
  sent: "✓ sent",
  delivered: "✓✓ delivered",
  read: "✓✓ read",
  held: "held",
  failed: "failed",
}

/** Beginning with what matters most, since a narrow terminal cuts the end off. */
export const statusParts = ({ peer, connection }: View): readonly string[] => {
  const online = connectionWord(connection)
  if (peer === undefined) return [online, "/to NAME begins a chat"]
  return [
    `● ${levelWord(peer.status.level)} ${reasonWord(peer.status.reason)}`,
    peer.who,
    online,
    ...(peer.typing ? ["typing …"] : []),
    ...(peer.delivery === undefined ? [] : [MARK[peer.delivery]]),
  ]
}

export interface StatusLineProps {
  readonly view: View
  readonly color: boolean
}

export const StatusLine = ({ view, color }: StatusLineProps): ReactNode => {
  const [first = "", ...rest] = statusParts(view)
  const level = color && view.peer !== undefined ? { color: view.peer.status.level } : null
  return h(
    Text,
    { wrap: "truncate" },
    h(Text, { bold: true, ...level }, first),
    ...rest.map((part) => ` · ${part}`),
  )
}
