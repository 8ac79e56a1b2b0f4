/** Carries out what the transition wants of the directory. One in this process answers within the same turn. */
import type { Observer } from "../observe/observer.ts"
import type { Effect } from "../relay/effect.ts"
import type { Input } from "../relay/input.ts"
import type { Answered, Question } from "../relay/question.ts"
import { formatDeviceId } from "@securechat/core/wire"
import type { Answer, Directory } from "./directory.ts"

export type DirectoryEffect = Extract<Effect, { type: "ask" | "told" | "freeHandles" | "seen" | "forget" }>

export interface DirectoryContext {
  readonly directory: Directory
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
  { directory, nowMs }: DirectoryContext,
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
  }
}

/** Goes on with what `work` gives, within this turn where it is there. A failure is a line in the log. */
const settle = <T>(
  context: DirectoryContext,
  work: () => Answer<T>,
  then: (answer: T) => void,
  failed = nothing,
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

const ask = (
  { id, question }: Extract<DirectoryEffect, { type: "ask" }>,
  context: DirectoryContext,
): void => {
  settle(
    context,
    () => answerOf(question, context),
    (found) => {
      // What a driver does not find is an answer too.
      const answered = { ask: question.ask, question, answer: found ?? "unknown" } as Answered
      context.dispatch({ type: "answered", id, answered })
    },
    () => {
      context.dispatch({ type: "unanswered", id, question, retryAfterMs: undefined })
    },
  )
}

export const performDirectory = (effect: DirectoryEffect, context: DirectoryContext): void => {
  if (effect.type === "ask") ask(effect, context)
  else settle(context, () => workOf(effect, context), nothing)
}
