/** The first words of a demo, so that it is alive before anyone has typed. */
import type { Conversation } from "@securechat/core"
import { untilOpen } from "./meet.ts"
import type { Person } from "./people.ts"
import { strings } from "./strings.ts"

/** What a person says by themselves when they have found their peer. */
export type Greet = (conversation: Conversation, peer: Person, signal: AbortSignal) => Promise<void>

export const greetFirst: Greet = async (conversation, peer, signal) => {
  await untilOpen(conversation, signal)
  await conversation.send(strings.greeting(peer.name), { signal })
}

/** Waits to be spoken to. */
export const answerFirst: Greet = async (conversation, peer, signal) => {
  const { items } = await conversation.page({ limit: 1, signal })
  if (items.length === 0) await conversation.once("message", { signal })
  await untilOpen(conversation, signal)
  await conversation.send(strings.answer(peer.name), { signal })
}

export const keepQuiet: Greet = () => Promise.resolve()

/** Someone with new keys and the old handle shows up: it waits at the other side until they decide. */
export const greetAnew: Greet = async (conversation, _peer, signal) => {
  await untilOpen(conversation, signal)
  await conversation.send(strings.newPhone, { signal })
}
