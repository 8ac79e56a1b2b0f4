/**
 * A room with pairing machines in it: one clock, one seed, and a pipe the test holds in its hands. Everybody hears
 * everything, the speaker included. A stand-in for the shell around the pure machine, and nothing more.
 */
import { utf8 } from "../../src/bytes/text.ts"
import { contextHashOf } from "../../src/channel/hello.ts"
import { nextAtMs, pair } from "../../src/channel/pairing.ts"
import type { ChannelArrival, PairingEffect, PairingInput } from "../../src/channel/pairing-input.ts"
import {
  type Env,
  type Pairing,
  type PairingDeps,
  newPairing,
  openParty,
} from "../../src/channel/pairing-state.ts"
import type { ChannelRole } from "../../src/channel/types.ts"
import type { Bytes } from "../../src/deps.ts"
import { type Identity, createIdentity } from "../../src/identity/keys.ts"
import type { Trust } from "../../src/identity/trust.ts"
import { sendingSession } from "../../src/session/tie-break.ts"
import type { AccountId } from "../../src/wire/address.ts"
import { toHex } from "../../src/bytes/text.ts"
import { unsafeSeededRandom } from "@securechat/testkit"

export interface MemberOptions {
  readonly identity?: Identity
  readonly role?: ChannelRole
  readonly context?: string
  readonly only?: AccountId
  readonly name?: string
  readonly trust?: Trust
}

/** One page in the room. A reload is a new member with the same identity. */
export class Member {
  readonly env: Env
  state: Pairing
  readonly arrived: ChannelArrival[] = []
  readonly strangers: AccountId[] = []
  readonly unreadable: string[] = []
  readonly #room: RoomWorld

  constructor(room: RoomWorld, options: MemberOptions) {
    const context = utf8(options.context ?? "")
    const setting = {
      own: options.identity ?? createIdentity(room.deps),
      role: options.role ?? "auto",
      context,
      contextHash: contextHashOf(context),
      name: options.name ?? options.only ?? "room",
      only: options.only,
    }
    this.#room = room
    this.env = { setting, deps: room.deps }
    this.state = newPairing(options.trust, room.deps)
  }

  get account(): AccountId {
    return this.env.setting.own.accountId
  }
  /** The account it is open with. */
  get peer(): AccountId | undefined {
    return openParty(this.state)?.account
  }
  /** The session it sends on, in hex. */
  get session(): string | undefined {
    const party = openParty(this.state)
    const session = party === undefined ? undefined : sendingSession(party.link)
    return session === undefined ? undefined : toHex(session.id)
  }
  get texts(): readonly (string | Uint8Array)[] {
    return this.arrived.map((message) => message.body)
  }

  take(input: PairingInput): readonly PairingEffect[] {
    const [state, effects] = pair(this.state, input, this.env)
    this.state = state
    for (const effect of effects) this.#act(effect)
    return effects
  }

  hear(frame: Uint8Array): readonly PairingEffect[] {
    return this.take({ type: "frame", frame })
  }

  #act(effect: PairingEffect): void {
    switch (effect.type) {
      case "transmit":
      case "sealed":
        this.#room.say(this, effect.frame)
        break
      case "arrived":
        this.arrived.push(effect.message)
        break
      case "third-party":
        this.strangers.push(effect.account)
        break
      case "unreadable":
        this.unreadable.push(effect.code)
        break
    }
  }
}

export interface Spoken {
  readonly from: Member
  readonly frame: Bytes
}

export class RoomWorld {
  #elapsedMs = 1_000
  /** What the wall clock says beside the time that passed: it may jump, nothing may depend on it. */
  wallOffsetMs = 1_800_000_000_000
  readonly deps: PairingDeps
  members: Member[] = []
  /** Frames nobody has heard yet. */
  pending: Spoken[] = []
  /** Everything ever said. */
  readonly said: Spoken[] = []

  constructor(seed: number) {
    this.deps = {
      random: unsafeSeededRandom(seed),
      nowMs: () => this.wallOffsetMs + this.#elapsedMs,
      elapsedMs: () => this.#elapsedMs,
    }
  }

  get elapsedMs(): number {
    return this.#elapsedMs
  }

  /** Enters the room and begins to speak. */
  enter(options: MemberOptions = {}): Member {
    const member = new Member(this, options)
    this.members.push(member)
    member.take({ type: "online" })
    return member
  }
  leave(member: Member): void {
    this.members = this.members.filter((other) => other !== member)
  }
  /** The same identity and pins, nothing else: what a page keeps across a reload. */
  reload(member: Member): Member {
    const { own, role, only, name, context } = member.env.setting
    this.leave(member)
    const kept = only === undefined ? { name } : { name, only }
    const pin = member.state.trust === undefined ? {} : { trust: member.state.trust }
    return this.enter({ identity: own, role, context: new TextDecoder().decode(context), ...kept, ...pin })
  }

  say(from: Member, frame: Bytes): void {
    this.pending.push({ from, frame })
    this.said.push({ from, frame })
  }
  /** Hands a frame to everybody, its author included. */
  deliver(spoken: Spoken): void {
    for (const member of [...this.members]) member.hear(spoken.frame)
  }
  /** Delivers until the room is quiet. */
  settle(): void {
    for (let spoken = this.pending.shift(); spoken !== undefined; spoken = this.pending.shift())
      this.deliver(spoken)
  }
  /** What was said is lost. */
  drop(): readonly Spoken[] {
    return this.pending.splice(0)
  }

  /** Lets time pass, ticking whoever asked for it; `hear` what happens to frames meanwhile. */
  pass(
    ms: number,
    meanwhile: () => void = () => {
      this.settle()
    },
  ): void {
    const until = this.#elapsedMs + ms
    for (;;) {
      const due = this.members
        .map((member) => ({ member, at: nextAtMs(member.state, member.env) }))
        .filter((next): next is { member: Member; at: number } => next.at !== undefined && next.at <= until)
        .toSorted((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#elapsedMs = Math.max(this.#elapsedMs, due.at)
      due.member.take({ type: "tick" })
      const again = nextAtMs(due.member.state, due.member.env)
      if (again !== undefined && again <= this.#elapsedMs) throw new Error("a tick that changes nothing")
      meanwhile()
    }
    this.#elapsedMs = until
  }
}

/** Two members that have found each other. */
export const openPair = (
  seed: number,
  a: MemberOptions = {},
  b: MemberOptions = {},
): { readonly room: RoomWorld; readonly ada: Member; readonly bo: Member } => {
  const room = new RoomWorld(seed)
  const ada = room.enter(a)
  const bo = room.enter(b)
  room.settle()
  return { room, ada, bo }
}
