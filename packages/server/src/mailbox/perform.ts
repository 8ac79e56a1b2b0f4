/** Carries out what the transition wants of the mailbox; every answer, and every failure, is an input. */
import type { Answer } from "../directory/directory.ts"
import type { Effect } from "../relay/effect.ts"
import { envelopeIdOf } from "../relay/frames.ts"
import type { Input } from "../relay/input.ts"
import type { Observer } from "../observe/observer.ts"
import type { Mailbox } from "./mailbox.ts"

export type MailEffect = Extract<Effect, { type: "append" | "resume" | "readMail" | "ackMail" | "dropMail" }>

export interface MailContext {
  readonly mailbox: Mailbox
  readonly observer: Observer
  readonly nowMs: () => number
  /** Bytes this connection's socket still takes. */
  readonly room: (id: string) => number
  readonly dispatch: (input: Input) => void
}

/** Goes on with what `work` gives, within this turn where it is there; undefined, and a line in the log, when it cannot answer. */
const settle = <T>(
  { observer }: MailContext,
  work: () => Answer<T>,
  then: (answer: T | undefined) => void,
): void => {
  const fail = (error: unknown): void => {
    observer.mailboxFailed(error)
    then(undefined)
  }
  let given: Answer<T>
  try {
    given = work()
  } catch (error) {
    fail(error)
    return
  }
  if (given instanceof Promise) given.then(then, fail)
  else then(given)
}
const nothing = (): void => undefined

const append = (effect: Extract<MailEffect, { type: "append" }>, context: MailContext): void => {
  const { mailbox, nowMs, observer, dispatch } = context
  const { device, record, dedupId, expiresAtMs, id, request } = effect
  const startMs = nowMs()
  settle(
    context,
    () => mailbox.append(device, record, { id: dedupId, expiresAt: new Date(expiresAtMs) }),
    (answer) => {
      const result = answer ?? "failed"
      observer.observe("append_seconds", (nowMs() - startMs) / 1_000)
      dispatch({ type: "appended", id, request, envelopeId: envelopeIdOf(record), result })
    },
  )
}

export const performMail = (effect: MailEffect, context: MailContext): void => {
  const { mailbox, dispatch, room } = context
  switch (effect.type) {
    case "append":
      append(effect, context)
      return
    case "readMail": {
      const { id, device, after, limit } = effect
      settle(
        context,
        () => mailbox.read(device, { after, limit }),
        (items) => {
          dispatch({ type: "mailRead", id, asked: limit, items, room: room(id) })
        },
      )
      return
    }
    case "resume":
      settle(
        context,
        () => mailbox.resume(effect.device, effect.cursor),
        (place) => {
          dispatch({ type: "resumed", id: effect.id, place })
        },
      )
      return
    case "ackMail":
      settle(context, () => mailbox.ack(effect.device, effect.upTo), nothing)
      return
    case "dropMail":
      settle(context, () => mailbox.drop(effect.device), nothing)
  }
}
