/** What a screen reader hears: new messages politely and in batches, a red light and a failure at once. */
import { signal, type Signal } from "@preact/signals"
import { strings } from "../strings.ts"

/** At most one polite announcement in this time. */
const BATCH_MS = 1_000

export interface Announcer {
  readonly polite: Signal<string>
  readonly assertive: Signal<string>
  messageFrom(name: string): void
  now(sentence: string): void
}

export const createAnnouncer = (): Announcer => {
  const polite = signal("")
  const assertive = signal("")
  let waiting = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = (name: string): void => {
    timer = undefined
    polite.value = waiting === 1 ? strings.live.one(name) : strings.live.many(waiting)
    waiting = 0
  }
  return {
    polite,
    assertive,
    messageFrom: (name): void => {
      waiting += 1
      polite.value = ""
      timer ??= setTimeout(flush, BATCH_MS, name)
    },
    now: (sentence): void => {
      assertive.value = sentence
    },
  }
}
