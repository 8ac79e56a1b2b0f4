/** Sets the page up for its address: who sits where, what they say first, where their links lead. */
import { createActions } from "./actions.ts"
import { answerFirst, greetFirst, keepQuiet, type Greet } from "./greet.ts"
import { createAnnouncer } from "./model/announcer.ts"
import { createPersonModel } from "./model/person.ts"
import type { Wire } from "./model/wire.ts"
import { newDemoId, otherRole, type Role } from "./people.ts"
import { windowAddress, type Route } from "./route.ts"
import { Seat } from "./seat.ts"
import { strings } from "./strings.ts"
import type { Desk } from "./ui/desk.tsx"

export interface Place {
  readonly seat: Seat
  readonly desk: Desk
}

/** On the demo page a link starts a pair of its own; in a window of one's own it opens the peer of this pair. */
const linkFor = (route: Route, role: Role): Desk["link"] => {
  if (route.view === "pair") {
    const demo = newDemoId()
    return {
      href: () => windowAddress(role, demo),
      label: strings.pane.openAlone(strings.names[role]),
      short: strings.pane.openAloneShort,
    }
  }
  const peer = otherRole(role)
  const label = strings.pane.openPeer(strings.names[peer])
  return { href: () => windowAddress(peer, route.demo), label, short: label }
}

const greetFor = (route: Route, role: Role): Greet => {
  if (route.view === "single") return keepQuiet
  return role === "alice" ? greetFirst : answerFirst
}

const placeFor = (route: Route, role: Role, wire: Wire): Place => {
  const model = createPersonModel(role, route.demo)
  const announcer = createAnnouncer()
  const seat = new Seat(model, { announcer, wire, greet: greetFor(route, role) })
  const desk = { model, announcer, actions: createActions(seat), link: linkFor(route, role) }
  return { seat, desk: { ...desk, alone: route.view === "single" } }
}

export const placesFor = (route: Route, wire: Wire): readonly Place[] =>
  (route.view === "pair" ? (["alice", "bob"] as const) : [route.role]).map((role) =>
    placeFor(route, role, wire),
  )

/** Unread messages and whose window; never a word of a message. */
export const pageTitle = (route: Route, unread: number): string => {
  const who = route.view === "single" ? `${strings.names[route.role]} · ` : ""
  return `${unread > 0 ? `(${unread}) ` : ""}${who}${strings.product}`
}
