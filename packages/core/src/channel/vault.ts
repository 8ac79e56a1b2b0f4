/**
 * What of a channel outlives its object: the identity and whom a name was pinned to. Never sessions: a page that
 * comes back agrees on new keys, so nothing here can be rolled back to keys that were used. protocol.md §5
 */
import { SecureChatError } from "../errors.ts"
import { type Identity, createIdentity, identityCodec } from "../identity/keys.ts"
import { type Trust, trustCodec } from "../identity/trust.ts"
import type { Deps } from "../deps.ts"
import { Batch, commit } from "../runtime/commit.ts"
import { sealedWhereDurable } from "../store/open.ts"
import type { SealedStore, StorePath } from "../store/store.ts"
import { formatAccountId } from "../wire/address.ts"
import type { ChannelSettings } from "./options.ts"

/** The same place as `SecureChat` keeps it in: one store, one account. */
const IDENTITY: StorePath = ["own", "identity"]
const trustAt = (name: string): StorePath => ["channel", name]

const orCorrupt = <T>(what: string, read: () => T): T => {
  try {
    return read()
  } catch (cause) {
    throw new SecureChatError("ERR_STORE_CORRUPT", `the record of ${what} is damaged`, { cause })
  }
}

export interface Kept {
  readonly identity: Identity
  readonly trust: Trust | undefined
}

/** With the store sealed, where it is durable. @throws as `sealedWhereDurable` */
export const sealed = async (settings: ChannelSettings, deps: Deps): Promise<ChannelSettings> => {
  const { store, storeKey } = settings
  return store === undefined
    ? settings
    : { ...settings, store: await sealedWhereDurable(store, storeKey, { deps }) }
}
/** Drops its keys. Never rejects. */
export const forgetKeys = async (settings: ChannelSettings | undefined): Promise<void> => {
  await (settings?.store as Partial<SealedStore> | undefined)?.forget?.()
}

/** @throws ERR_STORE_CORRUPT, ERR_STORE_UNAVAILABLE */
export const loadKept = async (settings: ChannelSettings, deps: Deps): Promise<Kept> => {
  const { store, name, only } = settings
  if (store === undefined) return { identity: settings.identity ?? createIdentity(deps), trust: undefined }
  const pinned = settings.keepsPin ? await store.get(trustAt(name)) : undefined
  const trust = pinned === undefined ? undefined : orCorrupt("a pin", () => trustCodec.decode(pinned))
  const other = trust !== undefined && only !== undefined && formatAccountId(trust.pin.accountId) !== only
  if (other || (trust !== undefined && trust.name !== name))
    throw new SecureChatError("ERR_STORE_CORRUPT", "a pin stands under another name than its own")
  return { identity: await loadIdentity(settings, deps), trust }
}

const loadIdentity = async ({ store, identity }: ChannelSettings, deps: Deps): Promise<Identity> => {
  if (store === undefined || identity !== undefined) return identity ?? createIdentity(deps)
  const kept = await store.get(IDENTITY)
  if (kept !== undefined) return orCorrupt("the identity", () => identityCodec.decode(kept))
  const made = createIdentity(deps)
  await commit(store, new Batch().set(IDENTITY, identityCodec.encode(made)))
  return made
}

/** @throws ERR_STORE_UNAVAILABLE; the caller goes on with what it had. */
export const keepTrust = async ({ store, keepsPin }: ChannelSettings, trust: Trust): Promise<void> => {
  if (store === undefined || !keepsPin) return
  await commit(store, new Batch().set(trustAt(trust.name), trustCodec.encode(trust)))
}
