/** Carries out what the transition wants of the mailbox; every answer, and every failure, is an input. */
import type { Effect } from "../relay/effect.ts"
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

/** What `work` gives; undefined, and a line in the log, when the mailbox cannot answer. */
const answered = async <T>(context: MailContext, work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work()
  } catch (error) {
    context.observer.mailboxFailed(error)
    return undefined
  }
}

const append = async (
  effect: Extract<MailEffect, { type: "append" }>,
  context: MailContext,
): Promise<void> => {
  const { mailbox, nowMs, observer, dispatch } = context
  const { device, record, dedupId, expiresAtMs, id, request, envelopeId } = effect
  const startMs = nowMs()
  const options = { id: dedupId, expiresAt: new Date(expiresAtMs) }
  const result = (await answered(context, () => mailbox.append(device, record, options))) ?? "failed"
  observer.observe("append_seconds", (nowMs() - startMs) / 1_000)
  dispatch({ type: "appended", id, request, envelopeId, result })
}

const read = async (
  effect: Extract<MailEffect, { type: "readMail" }>,
  context: MailContext,
): Promise<void> => {
  const { id, device, after, limit } = effect
  const items = await answered(context, () => context.mailbox.read(device, { after, limit }))
  context.dispatch({ type: "mailRead", id, asked: limit, items, room: context.room(id) })
}

export const performMail = async (effect: MailEffect, context: MailContext): Promise<void> => {
  const { mailbox, dispatch } = context
  switch (effect.type) {
    case "append":
      await append(effect, context)
      return
    case "readMail":
      await read(effect, context)
      return
    case "resume": {
      const place = await answered(context, () => mailbox.resume(effect.device, effect.cursor))
      dispatch({ type: "resumed", id: effect.id, place })
      return
    }
    case "ackMail":
      await answered(context, () => mailbox.ack(effect.device, effect.upTo))
      return
    case "dropMail":
      await answered(context, () => mailbox.drop(effect.device))
  }
}
