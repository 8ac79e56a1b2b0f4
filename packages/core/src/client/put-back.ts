/**
 * An older copy of the whole store was put back: which keys were used since is not known, so no session of before sends
 * again. Numbers that may have been given go unused; the floor in the next receipt tells peers not to wait for them.
 * protocol.md §6.9
 */
import { SecureChatError } from "../errors.ts"
import { retire } from "../session/retire.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"

/** @param lost the most records that were written since the copy: no more messages than that were sent. */
export const startOver = async ({ ledger, deps, settings, emit }: Context, lost: number): Promise<void> => {
  const change = new Change(ledger)
  const nowMs = deps.nowMs()
  for (const { account, device, link } of ledger.links())
    change.setLink(
      account,
      device,
      link.sessions.reduce((next, { id }) => retire(next, id, nowMs), link),
    )
  for (const [account, state] of ledger.directs) {
    const devices = [...state.devices].map(
      ([device, progress]) => [device, { ...progress, pairSent: progress.pairSent + lost }] as const,
    )
    change.setDirect(account, { ...state, sent: state.sent + lost, devices: new Map(devices) })
  }
  await ledger.commit(change)
  tellPutBack({ settings, emit }, { lost })
}

/** Told, and not only mended: it is a restored backup, or somebody who runs a copy of this device. */
export const tellPutBack = (
  { settings, emit }: Pick<Context, "settings" | "emit">,
  details: Readonly<Record<string, string | number>>,
): void => {
  const error = new SecureChatError("ERR_STORE_CORRUPT", "an older copy of the store was put back", {
    hint: "Messages since then are missing here. New keys are made by themselves.",
    details: { cause: "rollback", ...details },
  })
  settings.log.error(error.message, details)
  emit("error", error)
}
