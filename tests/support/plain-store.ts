/** A durable driver as a client takes it without a key: for tests that look at the lease and not at the sealing. */
import type { Store } from "@securechat/core"

export const plainStore = (store: Store): Store => ({
  durable: false,
  open: async (options) => store.open?.(options),
  get: (key) => store.get(key),
  list: (prefix, options) => store.list(prefix, options),
  batch: (ops) => store.batch(ops),
  close: async () => store.close?.(),
})
