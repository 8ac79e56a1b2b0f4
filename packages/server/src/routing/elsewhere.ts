/** What other relays say about a device that is connected here. relay.md §10 */
import { RELAY_CODE } from "@securechat/core/wire"
import type { News } from "../relay/neighbours.ts"
import { type Online, isOnline } from "../relay/state.ts"
import { get } from "../relay/table.ts"
import { onMail } from "../mailbox/delivery.ts"
import type { Turn } from "../relay/turn.ts"
import { end } from "./routes.ts"

const onlineOf = (turn: Turn, device: string): Online | undefined => {
  const route = get(turn.state.routes, device)
  const connection = route === undefined ? undefined : turn.connection(route)
  return connection !== undefined && isOnline(connection) ? connection : undefined
}

export const onHeard = (turn: Turn, news: News): void => {
  const online = onlineOf(turn, news.device)
  if (online === undefined) return
  const ready = online.phase === "ready" ? online : undefined
  switch (news.about) {
    case "mail":
      if (ready !== undefined) onMail(turn, ready, { type: "mail", id: ready.id })
      return
    case "replaced":
      // News may be old: of a login before this one there is nothing to do.
      if (news.fence > online.fence) end(turn, online.id, RELAY_CODE.replaced)
      return
    case "revoked":
      // A list may name any device; this one is the account's own or nothing happens.
      if (online.login.account === news.account) end(turn, online.id, RELAY_CODE.revoked)
      return
    case "stock": {
      const { account, device, stock } = news
      if (ready?.login.account !== account) return
      turn.send(ready.id, { type: "stock", request: 0, ...stock })
      turn.do({ type: "told", account, device })
      return
    }
    case "signal": {
      if (ready?.login.account !== news.account || ready.delivery.blockedSinceMs !== undefined) return
      const { fromAccountId, fromDeviceId, body } = news
      turn.count("signals")
      turn.send(ready.id, { type: "signalled", request: 0, fromAccountId, fromDeviceId, body })
    }
  }
}
