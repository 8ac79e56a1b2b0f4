/** The one mutable cell of the screen: entries go in, the newest view comes out. Fits useSyncExternalStore. */
import type { Entry } from "./entry.ts"
import { type View, emptyView, reduceView } from "./view.ts"

export interface ViewStore {
  readonly get: () => View
  readonly show: (entry: Entry) => void
  readonly subscribe: (changed: () => void) => () => void
}

export const viewStore = (): ViewStore => {
  let view = emptyView
  const listeners = new Set<() => void>()
  return {
    get: () => view,
    show: (entry) => {
      view = reduceView(view, entry)
      for (const changed of listeners) changed()
    },
    subscribe: (changed) => {
      listeners.add(changed)
      return () => {
        listeners.delete(changed)
      }
    },
  }
}
