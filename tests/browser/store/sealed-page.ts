/** Runs in the page: a chat whose store is sealed by a key of this browser, and a look at everything the browser keeps. */
import { SecureChat, type SecureChatError, type StoreKey } from "@securechat/core"
import { browserKey, indexedDbStore } from "@securechat/core/store/indexeddb"
import { webSocket } from "@securechat/transport-ws"

let chat: SecureChat | undefined

/** The account, or the code of why there is none. A passphrase instead of the browser's key where one is given. */
export const open = async (url: string, passphrase?: string): Promise<string> => {
  const progress: number[] = []
  const storeKey: StoreKey =
    passphrase === undefined
      ? browserKey("alice")
      : { passphrase, onProgress: (fraction) => progress.push(fraction) }
  try {
    const options = { user: "alice", transport: webSocket(url), store: indexedDbStore("alice"), storeKey }
    chat = await SecureChat.open(options)
    await chat.whenOnline()
    return progress.length === 0 || progress.at(-1) === 1 ? chat.accountId : "no progress"
  } catch (error) {
    return (error as SecureChatError).code
  }
}
export const change = async (passphrase: string): Promise<void> => chat?.changeStoreKey(passphrase)
export const close = async (): Promise<void> => chat?.close()
export const say = async (text: string): Promise<void> => {
  const conversation = await chat!.direct("bob")
  const message = await conversation.send(text)
  await conversation.waitFor(message.id, "sent")
}
export const history = async (): Promise<readonly (string | undefined)[]> => {
  const { items } = await (await chat!.direct("bob")).page()
  return items.map((item) => ("text" in item ? item.text : undefined))
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(new Error("a database that cannot be read"))
    }
  })

/** Every key and value of every database: bytes in hex, the rest as it is; and what WebCrypto says of its keys. */
export const dump = async (): Promise<{ text: string; keys: readonly string[] }> => {
  const lines: string[] = []
  const keys: string[] = []
  const show = (value: unknown): string => {
    if (value instanceof Uint8Array)
      return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")
    if (value instanceof CryptoKey) {
      keys.push(value.extractable ? "extractable" : "kept")
      return "a key"
    }
    if (typeof value !== "object" || value === null) return String(value)
    return Object.values(value).map(show).join(" ")
  }
  for (const { name = "" } of await indexedDB.databases()) {
    const db = await done(indexedDB.open(name))
    for (const store of db.objectStoreNames) {
      const records = db.transaction(store).objectStore(store)
      const [names, values] = await Promise.all([done(records.getAllKeys()), done(records.getAll())])
      lines.push(...names.map((key, i) => `${name} ${store} ${show(key)} ${show(values[i])}`))
    }
    db.close()
  }
  return { text: lines.join("\n"), keys }
}
/** As when the browser, or its user, deletes one database. */
export const drop = (name: string): Promise<unknown> => done(indexedDB.deleteDatabase(name))

export interface SealedPage {
  readonly open: typeof open
  readonly change: typeof change
  readonly close: typeof close
  readonly say: typeof say
  readonly history: typeof history
  readonly dump: typeof dump
  readonly drop: typeof drop
}
