/** Asks the app about a login. The hook has 3 s; a throw, a timeout and nonsense are one refusal. relay.md §4 */
import type { Observer } from "../observe/observer.ts"
import type { RelayDeps } from "../relay/deps.ts"
import { type RelayAuth, type RelayDecision, type RelayIdentity, asDecision } from "./authorize.ts"

export interface HookOptions {
  readonly auth: RelayAuth | undefined
  readonly deps: RelayDeps
  readonly hookMs: number
  readonly observer: Observer
}

export const askHook = async (
  who: RelayIdentity,
  { auth, deps, hookMs, observer }: HookOptions,
): Promise<RelayDecision | undefined> => {
  if (auth === undefined) return { allow: true }
  const controller = new AbortController()
  let cancel = (): void => undefined
  const timeout = new Promise<undefined>((resolve) => {
    cancel = deps.timers.after(hookMs, () => {
      controller.abort()
      resolve(undefined)
    })
  })
  try {
    return asDecision(await Promise.race([auth.authorize(who, { signal: controller.signal }), timeout]))
  } catch (error) {
    observer.hookFailed(error)
    return undefined
  } finally {
    cancel()
  }
}
