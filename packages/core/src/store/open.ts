/** Nothing is written to a disk unsealed: what a durable store needs, asked before anything is opened. */
import { SecureChatError } from "../errors.ts"
import type { StoreKey } from "./store-key.ts"
import type { SealOptions, Store } from "./store.ts"

/** @throws ERR_STORE_KEY_REQUIRED, ERR_CONFIG_INVALID */
export const requireKey = (store: Store, key: StoreKey | undefined): void => {
  if (!store.durable) return
  if (key === undefined)
    throw new SecureChatError("ERR_STORE_KEY_REQUIRED", "a durable store needs a key to seal it", {
      hint: "Give `storeKey`: a passphrase, 32 bytes, or a function such as browserKey(name) or fileKey(path).",
    })
  if (store.seal === undefined)
    throw new SecureChatError("ERR_CONFIG_INVALID", "this durable store cannot be sealed", {
      hint: "Wrap it: sealable(store) of @securechat/core/store/sealed.",
      details: { option: "store" },
    })
}

/** The store as it is to be used: sealed where it is durable. @throws ERR_STORE_KEY_REQUIRED, as `seal` */
export const sealedWhereDurable = async (
  store: Store,
  key: StoreKey | undefined,
  options: SealOptions,
): Promise<Store> => {
  requireKey(store, key)
  return store.seal === undefined || key === undefined ? store : store.seal(key, options)
}
