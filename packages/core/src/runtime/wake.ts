/**
 * Moments at which a connection is worth another try at once: the network came back, the tab became
 * visible. Runtimes without these events have none. `navigator.onLine` is not asked: true proves nothing.
 */
import type { Unsubscribe } from "./types.ts"

interface Target {
  addEventListener?: (type: string, listener: () => void) => void
  removeEventListener?: (type: string, listener: () => void) => void
  readonly visibilityState?: string
}

/** Reads the platform when called, never on import. */
export const onWake = (work: () => void): Unsubscribe => {
  const scope = globalThis as Target & { readonly document?: Target }
  const page = scope.document
  const visible = (): void => {
    if (page?.visibilityState === "visible") work()
  }
  scope.addEventListener?.("online", work)
  page?.addEventListener?.("visibilitychange", visible)
  return () => {
    scope.removeEventListener?.("online", work)
    page?.removeEventListener?.("visibilitychange", visible)
  }
}
