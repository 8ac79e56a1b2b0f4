/** Carries out what the transition wants of the directory. One in this process answers within the same turn. */
import type { Observer } from "../observe/observer.ts"
import type { Effect } from "../relay/effect.ts"
import type { Input } from "../relay/input.ts"
import type { Neighbours } from "../relay/neighbours.ts"
import type { Answered, Question, Spending } from "../relay/question.ts"
import { formatDeviceId } from "@securechat/core/wire"
import type { Answer, Directory } from "./directory.ts"

export type DirectoryEffect = Extract<
  Effect,
  { type: "ask" | "told" | "freeHandles" | "seen" | "forget" | "left" | "tell" }
>

export interface DirectoryContext {
  readonly directory: Directory
  readonly neighbours: Neighbours | undefined
  readonly observer: Observer
  readonly nowMs: () => number
  readonly dispatch: (input: Input) => void
}

const answerOf = (question: Question, { directory, nowMs }: DirectoryContext): Answer<unknown> => {
  switch (question.ask) {
    case "login":
    case "recipient":
      return directory.find(question.account, question.device)
    case "enter":
      return directory.enter(question, nowMs())
    case "bind":
      return directory.bind(question.handle, question.account)
    case "publish":
      return directory.publish(question.publication)
    case "devices":
      return directory.lists(question.account, question.knownVersion)
    case "claim":
      return directory.claim(question.account, question.deviceIds.map(formatDeviceId), nowMs())
    case "setHandle":
      return directory.setHandle(question.claim)
    case "handle":
      return directory.handle(question.handle)
  }
}

const workOf = (
  effect: Exclude<DirectoryEffect, { type: "ask" }>,
  { directory, neighbours, nowMs }: DirectoryContext,
): Answer<void> => {
  switch (effect.type) {
    case "told":
      return directory.told(effect.account, effect.device)
    case "freeHandles":
      return directory.freeHandles(effect.account)
    case "seen":
      return directory.seen(effect.accounts, nowMs())
    case "forget":
      return directory.forget(effect.beforeMs)
    case "left":
      return neighbours?.leave(effect)
    case "tell":
      return neighbours?.tell(effect.news)
  }
}

/** Goes on with what `work` gives, within this turn where it is there. A failure is a line in the log. */
const settle = <T>(
  context: DirectoryContext,
  work: () => Answer<T>,
  then: (answer: T) => void,
  failed: () => void = nothing,
): void => {
  const fail = (error: unknown): void => {
    context.observer.directoryFailed(error)
    failed()
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

/** Reads only: asked at the same time as the buckets, since nothing is lost when they are empty. */
const READS: ReadonlySet<Question["ask"]> = new Set<Question["ask"]>([
  "login",
  "recipient",
  "devices",
  "handle",
])

/** The answer, once the buckets that all relays share have been paid; a number: how long to wait. */
const paid = async (
  question: Question,
  spend: readonly Spending[],
  context: DirectoryContext & { readonly neighbours: Neighbours },
): Promise<{ readonly waitMs: number; readonly found?: unknown }> => {
  const early = READS.has(question.ask) ? answerOf(question, context) : undefined
  const [waitMs, found] = await Promise.all([context.neighbours.spend(spend), early])
  if (waitMs > 0) return { waitMs }
  return { waitMs, found: early === undefined ? await answerOf(question, context) : found }
}

const ask = (effect: Extract<DirectoryEffect, { type: "ask" }>, context: DirectoryContext): void => {
  const { id, question, spend } = effect
  const { neighbours, dispatch } = context
  const answered = (found: unknown): void => {
    // What a driver does not find is an answer too.
    const answer = { ask: question.ask, question, answer: found ?? "unknown" } as Answered
    dispatch({ type: "answered", id, answered: answer })
  }
  const unanswered = (retryAfterMs?: number): void => {
    dispatch({ type: "unanswered", id, question, retryAfterMs })
  }
  if (neighbours === undefined || spend.length === 0)
    settle(context, () => answerOf(question, context), answered, unanswered)
  else
    settle(
      context,
      () => paid(question, spend, { ...context, neighbours }),
      ({ waitMs, found }) => {
        if (waitMs > 0) unanswered(waitMs)
        else answered(found)
      },
      unanswered,
    )
}

export const performDirectory = (effect: DirectoryEffect, context: DirectoryContext): void => {
  if (effect.type === "ask") ask(effect, context)
  else settle(context, () => workOf(effect, context), nothing)
}
