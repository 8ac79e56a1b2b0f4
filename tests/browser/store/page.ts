/** Runs in the page: the suite of stores over IndexedDB, and what single tests need. */
import type { Store, StoreOp } from "@securechat/core"
import { indexedDbStore } from "@securechat/core/store/indexeddb"
import { type Runner, storeSuite } from "@securechat/testkit"
import { collect } from "../support/runner.ts"

let count = 0
const names = new WeakMap<Store, string>()
const at = (name: string): Store => {
  const store = indexedDbStore(name)
  names.set(store, name)
  return store
}
const nameOf = (store: Store): string => names.get(store) ?? ""
const fresh = (): string => `suite-${String(++count)}`

/** A worker stores one batch and is ended in the middle of the next, as a tab is when it is closed. */
const crash = async (stored: readonly StoreOp[], torn: readonly StoreOp[]): Promise<Store> => {
  const name = fresh()
  const worker = new Worker("/worker.js")
  const inTheMiddle = new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => {
      if (data === "in the middle") resolve()
      else reject(new Error(data))
    }
  })
  worker.postMessage({ name, stored, torn })
  await inTheMiddle
  worker.terminate()
  // The browser gives the worker's lock back when it is gone.
  await navigator.locks.request(`securechat:store:${name}`, () => undefined)
  return at(name)
}

export const suite = (runner: Runner): void => {
  storeSuite(runner, () => Promise.resolve(at(fresh())), {
    reopen: async (store) => {
      await store.close?.()
      return at(nameOf(store))
    },
    beside: (store) => at(nameOf(store)),
    crash,
  })
}

/** One test by its number; what went wrong, else nothing. */
export const run = async (number: number): Promise<string | undefined> => {
  const found = collect(suite)[number]
  if (found === undefined) return "no such test"
  try {
    await found.test()
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

export { indexedDbStore }
export interface InPage {
  readonly run: typeof run
  readonly indexedDbStore: typeof indexedDbStore
}
