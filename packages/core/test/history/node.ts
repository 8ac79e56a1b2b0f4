/** The measurement in a process of its own, on SQLite: `node --expose-gc node.ts FILE COUNT sealed|plain`. */
import { sqliteStore } from "../../src/store/sqlite.ts"
import { measure } from "./history.ts"

const [file = "", count = "", sealed] = process.argv.slice(2)
const usedBytes = (): number => {
  ;(globalThis as { gc?: () => void }).gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
const key = sealed === "sealed" ? new Uint8Array(32).fill(7) : undefined
process.stdout.write(
  JSON.stringify(await measure({ store: () => sqliteStore(file), key, usedBytes }, Number(count))),
)
