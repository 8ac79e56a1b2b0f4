/** Ephemeral signals: passed on to a connected device or dropped, never stored, never answered. relay.md §3 */
import { type FrameOf, RELAY_CODE, formatAccountId, formatDeviceId } from "@securechat/core/wire"
import type { Ready } from "../relay/state.ts"
import { get } from "../relay/table.ts"
import type { Turn } from "../relay/turn.ts"

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

export const onSignal = (turn: Turn, ready: Ready, signal: FrameOf<"signal">): void => {
  if (signal.body.length > turn.limits.signalBytes) {
    turn.nack(ready.id, signal.request, RELAY_CODE.tooLarge)
    return
  }
  if (turn.spend("signal", ready.login.device) > 0) return
  const device = formatDeviceId(signal.deviceId)
  const route = get(turn.state.routes, device)
  if (route === undefined) {
    const { accountId: fromAccountId, deviceId: fromDeviceId } = ready.login
    const account = formatAccountId(signal.accountId)
    turn.tell({ about: "signal", device, account, fromAccountId, fromDeviceId, body: signal.body })
    return
  }
  const target = turn.connection(route)
  // A slow reader loses signals first: they must not push mail out of its buffer.
  if (target?.phase !== "ready" || target.delivery.blockedSinceMs !== undefined) return
  if (!same(target.login.accountId, signal.accountId)) return
  turn.count("signals")
  turn.send(target.id, {
    type: "signalled",
    request: 0,
    fromAccountId: ready.login.accountId,
    fromDeviceId: ready.login.deviceId,
    body: signal.body,
  })
}
