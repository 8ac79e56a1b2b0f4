/**
 * A process whose files may not grow past what its shell allowed (`ulimit -f`): the system refuses the write in the
 * middle of a batch. Prints what each step ended with.
 */
import { sqliteStore } from "@securechat/core/store/sqlite"
import type { StoreOp } from "@securechat/core"

// The signal that comes with the refusal ends a process that does not listen.
process.on("SIGXFSZ", () => undefined)

const store = sqliteStore(process.argv[2] ?? "")
const small = (value: number): StoreOp => ({ type: "set", key: ["a"], value: Uint8Array.of(value) })
const large: StoreOp = { type: "set", key: ["b"], value: new Uint8Array(4_000_000) }
const ended = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "stored",
    (error: unknown) => (error as { code?: unknown }).code,
  )
const value = async (): Promise<unknown> => (await store.get(["a"]))?.[0]

const said = [await ended(store.batch([small(1)]))]
said.push(await ended(store.batch([small(2), large])), await value())
said.push(await ended(store.batch([small(3)])), await value())
await store.close?.()
process.stdout.write(JSON.stringify(said))
