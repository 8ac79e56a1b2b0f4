/** Somebody in a worker: a channel over the port that the page hands in, driven by questions, each answered once. */
import { type StorePath, memoryStore, messagePort } from "@securechat/core"
import { Member } from "../../channel/support/member.ts"

export type Kept = readonly (readonly [StorePath, Uint8Array])[]
export interface Report {
  readonly texts: readonly (string | undefined)[]
  readonly level: string
  readonly missing: number
  readonly errors: readonly string[]
  readonly strangers: readonly string[]
  /** Keys and seeds as they were drawn. */
  readonly drawn: readonly string[]
}
export interface Question {
  readonly open?: { readonly port: MessagePort; readonly kept: Kept }
  readonly say?: readonly string[]
  /** Answered when so many messages have come. */
  readonly messages?: number
  /** Answered when so many third parties were told of. */
  readonly strangers?: number
  readonly keep?: true
}

export const reportOf = ({ texts, level, missing, errors, strangers, drawn }: Member): Report => ({
  texts,
  level,
  missing,
  errors: errors.map(({ code }) => code),
  strangers,
  drawn: drawn.map((key) => Array.from(key, (byte) => byte.toString(16).padStart(2, "0")).join("")),
})

let member: Member | undefined
const opened = async ({ port, kept }: NonNullable<Question["open"]>): Promise<Member> => {
  const store = memoryStore()
  await store.batch(kept.map(([key, value]) => ({ type: "set", key, value })))
  member = new Member({ pipe: messagePort(port), context: "room-42", peer: "ada", store })
  return member.open()
}
const keptBy = async ({ store }: Member): Promise<Kept> => {
  const kept: (readonly [StorePath, Uint8Array])[] = []
  for await (const entry of store.list([])) kept.push(entry)
  return kept
}
const answer = async (question: Question): Promise<unknown> => {
  const one = question.open === undefined ? member! : await opened(question.open)
  if (question.say !== undefined) await one.say(question.say)
  await one.until(() => one.messages.length >= (question.messages ?? 0))
  await one.until(() => one.strangers.length >= (question.strangers ?? 0))
  return question.keep === true ? keptBy(one) : reportOf(one)
}

// The page bundles this file for its worker, and imports its types and `reportOf` for itself.
if (!("document" in globalThis))
  self.addEventListener("message", ({ data, ports: [reply] }: MessageEvent<Question>) => {
    void answer(data).then((result) => reply?.postMessage(result))
  })
