/** The people of a run: each a process behind a proxy of its own, on a store of its own. */
import type { FaultProxy } from "../support/fault-proxy.ts"
import type { PacketProxy } from "../support/packet-proxy.ts"
import type { Orders, Told } from "./person.ts"
import { Program } from "./process.ts"

export interface Ears {
  readonly onTold: (person: Person, told: Told) => void
  readonly onDeath: (complaint: string) => void
}

export class Person {
  readonly name: string
  readonly peers: readonly string[]
  readonly program: Program
  readonly proxy: FaultProxy
  /** In front of that, where frames are looked at. */
  readonly tap: PacketProxy | undefined
  readonly file: string
  /** The next number for each peer. */
  readonly next = new Map<string, number>()
  /** Own messages nobody has confirmed, as it said last. */
  waiting = Infinity
  connection = ""
  problem = ""
  open = (): void => undefined
  counted = (): void => undefined

  constructor(
    who: { readonly name: string; readonly peers: readonly string[] },
    way: { readonly proxy: FaultProxy; readonly tap: PacketProxy | undefined },
    files: { readonly program: string; readonly store: string },
    { onTold, onDeath }: Ears,
  ) {
    this.name = who.name
    this.peers = who.peers
    this.proxy = way.proxy
    this.tap = way.tap
    this.file = files.store
    const onLine = (line: string): void => {
      onTold(this, JSON.parse(line) as Told)
    }
    this.program = new Program(files.program, onLine, onDeath)
  }

  /** Where it believes the relay to be. */
  get origin(): string {
    return this.tap?.url ?? `http://127.0.0.1:${this.proxy.port}`
  }
  async start(): Promise<void> {
    this.waiting = Infinity
    const opened = new Promise<void>((resolve) => (this.open = resolve))
    const to = Object.fromEntries(this.peers.map((peer) => [peer, this.next.get(peer) ?? 1]))
    const url = this.origin.replace("http", "ws")
    await this.program.start({ user: this.name, url, file: this.file, to } satisfies Orders)
    await opened
  }
  /** Says everything it keeps. */
  async count(): Promise<void> {
    const counted = new Promise<void>((resolve) => (this.counted = resolve))
    this.program.say("count")
    await counted
  }

  /** For a person who asks why nothing goes on. */
  get state(): string {
    const last = this.problem === "" ? "" : `, last problem ${this.problem}`
    return `${this.name} is ${this.connection}, ${this.waiting} own messages unconfirmed${last}`
  }
}
