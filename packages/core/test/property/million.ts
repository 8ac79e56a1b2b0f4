/**
 * Two devices that go on for a long time over a network that loses, reorders and repeats, with restarts, new
 * handshakes and both starting at once. A message that comes at most a few turns late must open; whatever the length of
 * the run, what is kept for the peer stays within its limits.
 */
import { SecureChatError } from "../../src/errors.ts"
import { MAX_ARCHIVED_SESSIONS, MAX_SKIPPED_KEYS, MAX_STANDING_SESSIONS } from "../../src/limits.ts"
import { MAX_AHEAD, NOTHING_TAKEN, type Taken, take } from "../../src/conversation/dedupe.ts"
import { linkCodec } from "../../src/session/codec.ts"
import { Party, openedTexts } from "../support/party.ts"
import { Seeded } from "../support/seeded.ts"

type Side = 0 | 1
interface InFlight {
  readonly number: number
  readonly bytes: Uint8Array
  /** It was delivered before: this is its repeat. */
  readonly repeated: boolean
  /** How many overtook it. */
  passed: number
}

/** A message overtaken so often is next: skipped keys live five turns of the peer. */
const MAX_PASSED = 3
const MAX_IN_FLIGHT = 40

export interface Totals {
  sent: number
  opened: number
  repeats: number
  lost: number
  restarts: number
  handshakes: number
  /** Opened and new by its number, but not in the order in which it was sent. */
  late: number
  maxLinkBytes: number
}

export class LongRun {
  readonly totals: Totals = {
    ...{ sent: 0, opened: 0, repeats: 0, lost: 0, restarts: 0, handshakes: 0, late: 0, maxLinkBytes: 0 },
  }
  readonly #random: Seeded
  readonly #parties: readonly [Party, Party]
  readonly #wire: readonly [InFlight[], InFlight[]] = [[], []]
  readonly #numbers: [number, number] = [0, 0]
  readonly #taken: [Taken, Taken] = [NOTHING_TAKEN, NOTHING_TAKEN]
  readonly #newest: [number, number] = [0, 0]

  constructor(seed: number) {
    this.#random = new Seeded(seed)
    this.#parties = [new Party(2 * seed + 1), new Party(2 * seed + 2)]
    // Both at once, as two people do who meet.
    for (const side of [0, 1] as const) this.#begin(side)
  }

  /** @throws where a message did not open, opened twice, or something grew past its limit. */
  run(messages: number): void {
    while (this.totals.sent < messages) this.#act()
    for (const side of [0, 1] as const) while (this.#wire[side].length > 0) this.#deliver(side)
  }

  #act(): void {
    const side: Side = this.#random.chance(0.5) ? 0 : 1
    const at = this.#random.below(10_000)
    if (at < 4_800) this.#send(side)
    else if (at < 9_980) this.#deliver(side)
    else if (at < 9_997) this.#restart(side)
    else if (at < 9_999) this.#begin(side)
    else for (const each of [0, 1] as const) this.#begin(each)
  }

  #send(from: Side): void {
    const to: Side = from === 0 ? 1 : 0
    if (this.#wire[to].length >= MAX_IN_FLIGHT) this.#deliver(to)
    const number = ++this.#numbers[from]
    const bytes = this.#parties[from].sendText(String(number))
    this.totals.sent++
    if (this.#random.chance(0.02)) this.totals.lost++
    else this.#wire[to].push({ number, bytes, repeated: false, passed: 0 })
  }

  #deliver(side: Side): void {
    const queue = this.#wire[side]
    const stuck = queue.findIndex(({ passed }) => passed >= MAX_PASSED)
    const index = stuck === -1 ? this.#random.pick([0, 0, this.#random.below(8)]) : stuck
    const [message] = queue.splice(Math.min(index, queue.length - 1), 1)
    if (message === undefined) return
    for (const earlier of queue.slice(0, index)) earlier.passed++
    if (!message.repeated && this.#random.chance(0.02))
      queue.splice(this.#random.below(queue.length + 1), 0, { ...message, repeated: true, passed: 0 })
    this.#take(side, message)
  }

  #take(side: Side, { number, bytes, repeated }: InFlight): void {
    let texts: readonly string[] = []
    try {
      texts = openedTexts(this.#parties[side].receive(bytes))
    } catch (error) {
      if (!repeated || !SecureChatError.is(error, "ERR_DUPLICATE", "ERR_TOO_OLD"))
        throw new Error(`message ${number} of ${this.totals.sent} did not open`, { cause: error })
    }
    if (repeated) {
      if (texts.length > 0) throw new Error(`message ${number} opened twice`)
      this.totals.repeats++
      return
    }
    const [next, verdict] = take(this.#taken[side], number)
    if (texts[0] !== String(number) || verdict !== "new") throw new Error(`message ${number} is another`)
    this.#taken[side] = next
    this.totals.opened++
    if (number < this.#newest[side]) this.totals.late++
    this.#newest[side] = Math.max(this.#newest[side], number)
  }

  #restart(side: Side): void {
    const party = this.#parties[side]
    const bytes = linkCodec.encode(party.link)
    party.restart()
    party.deps.advance(this.#random.below(60_000))
    party.step({ type: "tick" })
    this.totals.restarts++
    this.totals.maxLinkBytes = Math.max(this.totals.maxLinkBytes, bytes.length)
    const { sessions } = party.link
    const skipped = Math.max(...sessions.map(({ ratchet }) => ratchet.skipped.length))
    if (sessions.length > 2 * (MAX_ARCHIVED_SESSIONS + MAX_STANDING_SESSIONS))
      throw new Error("sessions grow")
    if (skipped > MAX_SKIPPED_KEYS) throw new Error("skipped keys grow")
    if (this.#taken[side].ahead.length > MAX_AHEAD) throw new Error("the window grows")
  }

  #begin(side: Side): void {
    const peer = this.#parties[side === 0 ? 1 : 0]
    try {
      this.#parties[side].begin(peer.bundle())
      this.totals.handshakes++
    } catch (error) {
      // Four beginnings nobody has answered: one more waits.
      if (!SecureChatError.is(error, "ERR_LIMIT")) throw error
    }
  }
}
