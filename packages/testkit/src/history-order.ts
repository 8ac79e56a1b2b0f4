/**
 * I4 of the HistoryChecker: per sender as sent, cause before effect across senders, or marked. A cause
 * of a message is what its sender had been shown when it sent it, as far as the receiver should get it too.
 */
import type { HistoryRecord, SentRecord } from "./history-records.ts"

type Report = (at: number, message: string) => void

/** Highest number per sender. */
type Heads = ReadonlyMap<string, number>

interface Device {
  /** Newest shown, per sender. */
  readonly shown: Map<string, number>
  /** Everything shown, with the place of its record. */
  log: { readonly at: number; readonly sender: string; readonly counter: number }[]
  /** Shown or named as missing, per sender. */
  readonly accounted: Map<string, Set<number>>
}

class Devices {
  readonly #devices = new Map<string, Device>()

  of(name: string): Device {
    let device = this.#devices.get(name)
    if (device === undefined) {
      device = { shown: new Map(), log: [], accounted: new Map() }
      this.#devices.set(name, device)
    }
    return device
  }
}

const account = ({ accounted }: Device, sender: string, counter: number): void => {
  const known = accounted.get(sender)
  if (known === undefined) accounted.set(sender, new Set([counter]))
  else known.add(counter)
}

const show = (device: Device, sender: string, counter: number): void => {
  device.shown.set(sender, Math.max(device.shown.get(sender) ?? -Infinity, counter))
}

/** An older copy of its store was put back: the newest shown is what that copy knows. */
const rewind = (device: Device, upTo: number): void => {
  device.log = device.log.filter(({ at }) => at <= upTo)
  device.shown.clear()
  for (const { sender, counter } of device.log) show(device, sender, counter)
}

/** What each sender meant for each device: looked through from its end, which is near what is on its way. */
class Sent {
  readonly #bySender = new Map<string, Map<string, SentRecord[]>>()

  add(message: SentRecord): void {
    const byDevice = this.#bySender.get(message.sender) ?? new Map<string, SentRecord[]>()
    this.#bySender.set(message.sender, byDevice)
    for (const device of message.to) {
      const list = byDevice.get(device)
      if (list === undefined) byDevice.set(device, [message])
      else list.push(message)
    }
  }
  /** The newest message of that sender up to this number that this device should get. */
  newest(sender: string, upTo: number, device: string): SentRecord | undefined {
    return this.#bySender
      .get(sender)
      ?.get(device)
      ?.findLast((one) => one.counter <= upTo)
  }
}

export const checkOrder = (history: readonly HistoryRecord[], report: Report): void => {
  const devices = new Devices()
  const sent = new Sent()
  /** What the sender had been shown, per message. */
  const causes = new Map<string, Heads>()

  const missingCause = (receiver: string, heads: Heads): SentRecord | undefined => {
    for (const [sender, upTo] of heads) {
      const cause = sent.newest(sender, upTo, receiver)
      if (cause !== undefined && devices.of(receiver).accounted.get(sender)?.has(cause.counter) !== true)
        return cause
    }
    return undefined
  }

  history.forEach((one, at) => {
    const device = devices.of(one.actor)
    if (one.kind === "sent") {
      sent.add(one)
      causes.set(`${one.sender}#${one.counter}`, new Map(device.shown))
    }
    if (one.kind === "restored") rewind(device, one.upTo)
    if (one.kind === "gap") for (const { sender, counter } of one.missing) account(device, sender, counter)
    if (one.kind !== "delivered") return

    const newest = device.shown.get(one.sender) ?? -Infinity
    const cause = missingCause(one.actor, causes.get(`${one.sender}#${one.counter}`) ?? new Map())
    if (one.marked !== true && one.counter < newest)
      report(at, `${one.sender}#${one.counter} came to ${one.actor} after #${newest}, unmarked`)
    if (one.marked !== true && cause !== undefined)
      report(
        at,
        `${one.sender}#${one.counter} came to ${one.actor} before its cause ${cause.sender}#${cause.counter}, unmarked`,
      )
    device.log.push({ at, sender: one.sender, counter: one.counter })
    show(device, one.sender, one.counter)
    account(device, one.sender, one.counter)
  })
}
