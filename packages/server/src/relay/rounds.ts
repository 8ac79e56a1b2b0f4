/**
 * What a relay that is not alone does by the clock: keeps the routes of its devices, and looks for mail
 * that another relay has stored, since a wake-up may get lost between them. relay.md §10
 */
import type { Mailbox } from "../mailbox/mailbox.ts"
import type { Observer } from "../observe/observer.ts"
import type { Input } from "./input.ts"
import type { Neighbours } from "./neighbours.ts"
import { type Connection, type Ready, type RelayState, isOnline } from "./state.ts"
import { values } from "./table.ts"

/** Routes live for a minute. */
const RENEW_EVERY_S = 20
/** Each device is looked after this often, a part of them each second. */
const LOOK_EVERY_S = 5
const LOOKS_AT_ONCE = 200

export interface RoundsOptions {
  readonly mailbox: Mailbox
  readonly neighbours: Neighbours | undefined
  readonly observer: Observer
  readonly dispatch: (input: Input) => void
}

const renew = ({ neighbours, observer }: RoundsOptions, state: RelayState): void => {
  const online = values(state.connections).filter(isOnline)
  const routes = online.map(({ login, fence }) => ({ device: login.device, fence }))
  neighbours?.renew(routes).catch((error: unknown) => {
    observer.directoryFailed(error)
  })
}

const look = async (
  { mailbox, observer, dispatch }: RoundsOptions,
  some: readonly Ready[],
): Promise<void> => {
  try {
    const places = some.map(({ login, delivery }) => ({ device: login.device, after: delivery.sent }))
    const found = new Set(await mailbox.news?.(places))
    for (const { id, login } of some) if (found.has(login.device)) dispatch({ type: "mail", id })
  } catch (error) {
    observer.mailboxFailed(error)
  }
}

/** Every second; `second` counts them. */
export const makeRounds = (options: RoundsOptions, state: RelayState, second: number): void => {
  if (second % RENEW_EVERY_S === 0) renew(options, state)
  if (options.mailbox.news === undefined) return
  const isDue = (one: Connection): one is Ready =>
    one.phase === "ready" &&
    !one.delivery.reading &&
    Number(one.id.slice(1)) % LOOK_EVERY_S === second % LOOK_EVERY_S
  const due = values(state.connections).filter(isDue)
  for (let from = 0; from < due.length; from += LOOKS_AT_ONCE)
    void look(options, due.slice(from, from + LOOKS_AT_ONCE))
}
