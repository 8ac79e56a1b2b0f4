/** A relay in a process of its own, whose buckets are as wide as a flood needs: what they do is another test. */
import { type BucketName, createRelay } from "@securechat/server"
import { silentLogger } from "@securechat/core/transport"

interface Orders {
  readonly port: number
  readonly origins: readonly string[]
  readonly mailbox: "memory" | { readonly sqlite: string } | { readonly redis: string }
}
const { port, origins, mailbox } = JSON.parse(process.argv[2] ?? "{}") as Orders
const names: readonly BucketName[] = [
  ...(["login", "deviceLogin", "submit", "deviceSubmit", "signal"] as const),
  ...(["lookup", "claim", "claimTarget", "publish", "handle"] as const),
]
const wide = { size: 1_000_000, perSecond: 1_000_000 }
const buckets = Object.fromEntries(names.map((name) => [name, wide]))
const relay = createRelay({ port, origins, mailbox, logger: silentLogger, limits: { buckets } })
await relay.listen()
process.stdout.write("listening\n")
