/** The measurement in a page, on IndexedDB. */
import { indexedDbStore } from "../../src/store/indexeddb.ts"
import { type Figures, measure } from "./history.ts"

/** With the browser's own flags for both: precise figures, and a collector that can be asked. */
interface Engine {
  readonly gc?: () => void
  readonly performance: { readonly memory?: { readonly usedJSHeapSize: number } }
}

export const run = (name: string, count: number, isSealed: boolean): Promise<Figures> => {
  const engine = globalThis as unknown as Engine
  const usedBytes = (): number => {
    engine.gc?.()
    return engine.performance.memory?.usedJSHeapSize ?? 0
  }
  const key = isSealed ? new Uint8Array(32).fill(7) : undefined
  return measure({ store: () => indexedDbStore(name), key, usedBytes }, count)
}
