/** A writer that stores one batch, and stops for good between two writes of the next. */
import type { StoreOp } from "@securechat/core"
import { indexedDbStore } from "@securechat/core/store/indexeddb"

interface Work {
  readonly name: string
  readonly stored: readonly StoreOp[]
  readonly torn: readonly StoreOp[]
}

/** The last operation says that the ones before it are written, and never ends. */
const stuck = (op: StoreOp): StoreOp => ({
  type: "set",
  key: op.key,
  get value(): Uint8Array {
    self.postMessage("in the middle")
    // Until it is ended: a worker has no other way to wait in the middle of a call.
    for (;;);
  },
})

self.onmessage = async ({ data: { name, stored, torn } }: MessageEvent<Work>) => {
  const store = indexedDbStore(name)
  try {
    await store.batch(stored)
    await store.batch([...torn.slice(0, -1), stuck(torn.at(-1)!)])
  } catch (error) {
    self.postMessage(String(error))
  }
}
