/** Small things beside a store in a browser, each in a database of its own: its key, for who has no passphrase, and its marker. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb"
import { copy } from "../bytes/concat.ts"
import { type Bytes, platformDeps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { StoreKey } from "./store-key.ts"
import type { StoreMarker } from "./store.ts"

const KEY_BYTES = 32
const NONCE_BYTES = 12
const ALGORITHM = "AES-GCM"

/** A key that WebCrypto uses and does not give away, and what it wraps. */
interface KeptKey {
  readonly wrappedBy: CryptoKey
  readonly nonce: Bytes
  readonly wrapped: Bytes
}
interface Schema extends DBSchema {
  key: { key: string; value: KeptKey }
}
interface MarkerSchema extends DBSchema {
  marker: { key: string; value: Uint8Array }
}

/** Opens, works, closes: nothing of it is needed between two openings of a store. */
const within = async <S extends DBSchema, T>(
  opening: Promise<IDBPDatabase<S>>,
  work: (db: IDBPDatabase<S>) => Promise<T>,
): Promise<T> => {
  try {
    const db = await opening
    try {
      return await work(db)
    } finally {
      db.close()
    }
  } catch (cause) {
    if (SecureChatError.is(cause)) throw cause
    throw new SecureChatError("ERR_STORE_UNAVAILABLE", "the browser's database cannot be used", { cause })
  }
}

const makeKey = async (): Promise<readonly [kept: KeptKey, key: Bytes]> => {
  const wrappedBy = await crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, [
    "encrypt",
    "decrypt",
  ])
  const key = platformDeps.random(KEY_BYTES)
  const nonce = platformDeps.random(NONCE_BYTES)
  const wrapped = new Uint8Array(await crypto.subtle.encrypt({ name: ALGORITHM, iv: nonce }, wrappedBy, key))
  return [{ wrappedBy, nonce, wrapped }, key]
}

const unwrap = async ({ wrappedBy, nonce, wrapped }: KeptKey): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.decrypt({ name: ALGORITHM, iv: nonce }, wrappedBy, wrapped))

/**
 * A random key wrapped by one that WebCrypto keeps and never gives out, both in this browser. It keeps a copied profile
 * folder, or a copy of the database alone, unreadable to other programs as far as the browser protects its own
 * keys; whoever runs code in this page, or the browser as this user, reads everything.
 */
export const browserKey =
  (name: string): StoreKey =>
  ({ reason }) =>
    within(
      openDB<Schema>("securechat-keys", 1, {
        upgrade: (db) => {
          db.createObjectStore("key")
        },
      }),
      async (db) => {
        const kept = await db.get("key", name)
        if (kept !== undefined) return unwrap(kept)
        if (reason !== "create")
          throw new SecureChatError("ERR_STORE_WRONG_KEY", "this browser has no key of this name", {
            hint: "It was deleted, or belongs to another profile. None is made anew for this store.",
            details: { kind: "key" },
          })
        const [made, key] = await makeKey()
        // Two tabs may make one at once: the first stays.
        const tx = db.transaction("key", "readwrite", { durability: "strict" })
        const first = await tx.store.get(name)
        if (first === undefined) await tx.store.put(made, name)
        await tx.done
        return first === undefined ? key : unwrap(first)
      },
    )

const VALUE = "value"

/** In a database of its own, so that one put back alone does not bring it along. */
export const browserMarker = (store: string): StoreMarker => {
  const open = (): Promise<IDBPDatabase<MarkerSchema>> =>
    openDB<MarkerSchema>(`${store}-mark`, 1, {
      upgrade: (db) => {
        db.createObjectStore("marker")
      },
    })
  return {
    read: () => within(open(), (db) => db.get("marker", VALUE)),
    write: (value) =>
      within(open(), async (db) => {
        await db.put("marker", copy(value), VALUE)
      }),
  }
}
