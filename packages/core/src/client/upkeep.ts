/** What time and absence change: sessions expire, old prekeys go, names move. protocol.md §4.3.8, §6.7 */
import { SecureChatError } from "../errors.ts"
import { isTransient } from "../session/security.ts"
import { transition } from "../session/transition.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { expireOutbox } from "./given-up.ts"
import type { Names } from "./names.ts"
import type { Sessions } from "./sessions.ts"

const HOUR_MS = 3_600_000

const age = async (context: Context): Promise<void> => {
  const { ledger, deps, changed } = context
  await ledger.queue.run(async () => {
    const change = new Change(ledger)
    for (const { account, device, link } of ledger.links()) {
      const [next] = transition(link, { type: "tick" }, deps)
      if (next !== link) change.setLink(account, device, next)
    }
    ledger.prekeys.forget(deps.nowMs(), change.batch)
    await ledger.commit(change)
  })
  await expireOutbox(context)
  changed()
}

/** Sessions and prekeys age, looked at each hour until the returned function is called. */
export const keepHouse = (context: Context, refreshPrekeys: () => Promise<unknown>): (() => void) => {
  const { timers, relay, report } = context
  const next = (): (() => void) =>
    timers.after(HOUR_MS, () => {
      cancel = next()
      age(context)
        .then(() => (relay.usable ? refreshPrekeys() : undefined))
        .catch(report)
    })
  let cancel = next()
  return () => {
    cancel()
  }
}

/** After a sign-in, what may take longer than a person wants to wait for `online`: ends of what is too old, names, missing keys. */
export const catchUp = async (context: Context, names: Names, sessions: Sessions): Promise<void> => {
  const { ledger, lights, relay, report, settings } = context
  await age(context).catch(report)
  await names.recheck().catch(report)
  for (const { id } of ledger.conversations.values()) {
    if (!relay.usable) return
    const { level, reason } = lights.of(id)
    if (level !== "red" || !isTransient(reason)) continue
    await sessions.ensure(id).catch((error: unknown) => {
      const code = SecureChatError.is(error) ? error.code : "ERR_INTERNAL"
      settings.log.info("no keys yet", { conversation: id, code })
    })
  }
}
