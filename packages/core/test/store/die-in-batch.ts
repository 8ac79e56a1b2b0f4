/** A process that stores one batch, and sends itself a signal between two writes of the next one. */
import { writeSync } from "node:fs"
import { sqliteStore } from "@securechat/core/store/sqlite"
import type { StoreOp } from "@securechat/core"

interface PlainOp {
  readonly type: "set" | "delete"
  readonly key: readonly string[]
  readonly value?: readonly number[]
}
const { path, stored, torn, signal } = JSON.parse(process.argv[2] ?? "") as Readonly<
  Record<"stored" | "torn", PlainOp[]> & Record<"path", string> & Record<"signal", NodeJS.Signals>
>

const opOf = ({ key, value }: PlainOp): StoreOp =>
  value === undefined ? { type: "delete", key } : { type: "set", key, value: Uint8Array.from(value) }

const store = sqliteStore(path)
await store.batch(stored.map(opOf))
const [last, ...before] = torn.map(opOf).reverse()
if (last === undefined) throw new Error("nothing to die in")
const dying: StoreOp = {
  type: "set",
  key: last.key,
  // Read when its turn comes, after the writes before it.
  get value(): Uint8Array {
    writeSync(process.stdout.fd, "in the middle")
    process.kill(process.pid, signal)
    return new Uint8Array()
  },
}
await store.batch([...before.reverse(), dying])
