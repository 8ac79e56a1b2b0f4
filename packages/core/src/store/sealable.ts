/** `@securechat/core/store/sealed`: sealing for a durable store of your own. Those that come with core have it already. */
import { openSealed } from "./sealed.ts"
import type { Store } from "./store.ts"

/** The same store, which `SecureChat` and `SecureChannel` can seal with their `storeKey`. */
export const sealable = (store: Store): Store => ({
  durable: store.durable,
  marker: store.marker,
  open: async (options) => store.open?.(options),
  get: (key) => store.get(key),
  list: (prefix, options) => store.list(prefix, options),
  batch: (ops) => store.batch(ops),
  close: async () => store.close?.(),
  seal: (key, options) => openSealed(store, key, options),
})
