/** A process that writes one number to many places at once, batch after batch, and says which batches are stored. */
import { sqliteStore } from "@securechat/core/store/sqlite"
import type { StoreOp } from "@securechat/core"

const [path = "", first = "0", places = "100"] = process.argv.slice(2)
const store = sqliteStore(path)
await store.open?.({ takeover: false })
for (let number = Number(first); ; number++) {
  const value = new Uint8Array(2_000).fill(number & 255)
  const ops = Array.from({ length: Number(places) }, (_, i): StoreOp => {
    // Every other place is deleted and made anew in turn, so that old and new differ in their paths as well.
    const key = ["place", String(i), i % 2 === 0 ? "always" : String(number)]
    return { type: "set", key, value }
  })
  const gone = Array.from({ length: Number(places) / 2 }, (_, i): StoreOp => {
    return { type: "delete", key: ["place", String(2 * i + 1), String(number - 1)] }
  })
  await store.batch([...ops, ...gone])
  process.stdout.write(`${String(number)}\n`)
}
