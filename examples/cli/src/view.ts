/** What the screen shows, as plain data: a pure reducer over entries. */
import type { ConnectionState, SecurityStatus } from "@securechat/core"
import type { Delivery, Entry } from "./entry.ts"

/** An entry of the log; `key` is its place. */
export interface Row {
  readonly key: number
  readonly entry: Entry
}
interface Peer {
  readonly who: string
  readonly status: SecurityStatus
  readonly typing: boolean
  /** Of the newest own message. */
  readonly delivery: Delivery | undefined
}
export interface View {
  /** Oldest first; only ever grows, as a terminal's scrollback does. */
  readonly rows: readonly Row[]
  readonly connection: ConnectionState
  /** Whom typed lines go to. */
  readonly peer: Peer | undefined
}

export const emptyView: View = { rows: [], connection: "idle", peer: undefined }

const logged = (view: View, entry: Entry): View => ({
  ...view,
  rows: [...view.rows, { key: view.rows.length, entry }],
})

/** A change of the current peer; of anybody else, nothing. */
const ofPeer = (view: View, who: string, change: Partial<Peer>): View =>
  view.peer?.who === who ? { ...view, peer: { ...view.peer, ...change } } : view

export const reduceView = (view: View, entry: Entry): View => {
  switch (entry.kind) {
    // What the status line shows needs no row of its own.
    case "connection":
      return { ...view, connection: entry.state }
    case "typing":
      return ofPeer(view, entry.who, { typing: entry.active })
    case "delivery": {
      const shown = ofPeer(view, entry.who, { delivery: entry.delivery })
      return entry.delivery === "held" || entry.delivery === "failed" ? logged(shown, entry) : shown
    }
    case "conversation": {
      const peer = { who: entry.who, status: entry.status, typing: false, delivery: undefined }
      return logged({ ...view, peer }, entry)
    }
    case "security":
      return logged(ofPeer(view, entry.who, { status: entry.status }), entry)
    case "message":
      return logged(ofPeer(view, entry.who, { typing: false }), entry)
    case "said":
      return logged(ofPeer(view, entry.who, { delivery: undefined }), entry)
    default:
      return logged(view, entry)
  }
}
