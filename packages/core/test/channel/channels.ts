/** Channels over pipes in one process, with time by hand. A test closes what it made, and then nothing may be left. */
import { type ManualClock, manualClock, turn } from "@securechat/testkit"
import { SecureChannel } from "../../src/channel/channel.ts"
import type { ChannelEvents, ChannelOptions } from "../../src/channel/types.ts"
import { platformDeps } from "../../src/deps.ts"
import { memoryPipe } from "../../src/transport/memory.ts"
import type { Transport } from "../../src/transport/transport.ts"

const clock: ManualClock = manualClock()

/** Lets time pass; after each timer everything that can go on has gone on. */
export const pass = async (ms: number): Promise<void> => {
  const until = clock.nowMs() + ms
  await turn()
  for (let at = clock.nextAtMs; at !== undefined && at <= until; at = clock.nextAtMs) {
    await clock.advance(at - clock.nowMs())
    await turn()
  }
  await clock.advance(until - clock.nowMs())
  await turn()
}

const environment = {
  deps: { random: platformDeps.random, nowMs: clock.nowMs },
  timers: clock.timers,
  elapsedMs: clock.nowMs,
}
const made: SecureChannel[] = []
export const channel = (options: ChannelOptions): SecureChannel => {
  const one = new SecureChannel(options, environment)
  made.push(one)
  return one
}
/** @returns how many timers are left. */
export const closeAll = async (): Promise<number> => {
  await Promise.all(made.splice(0).map((each) => each.close()))
  return clock.pending
}

export type PartOptions = Omit<ChannelOptions, "pipe">
export interface OpenPair {
  readonly ada: SecureChannel
  readonly bo: SecureChannel
  readonly pipes: readonly [Transport, Transport]
}
export const pairOf = async (a: PartOptions = {}, b: PartOptions = {}): Promise<OpenPair> => {
  const pipes = memoryPipe()
  const [ada, bo] = [channel({ pipe: pipes[0], ...a }), channel({ pipe: pipes[1], ...b })]
  await Promise.all([ada.start(), bo.start()])
  return { ada, bo, pipes }
}

/** Everything of one type that happens from now on. */
export const record = <K extends keyof ChannelEvents>(from: SecureChannel, type: K): ChannelEvents[K][] => {
  const events: ChannelEvents[K][] = []
  from.on(type, (event) => events.push(event))
  return events
}
