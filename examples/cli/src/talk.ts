/**
 * The conversation between a person and the SDK: carries out commands, turns events into entries. Knows no
 * terminal; both views stand on it. Peers' names and texts are made safe here, once.
 */
import {
  type AbortOptions,
  type Contact,
  type Conversation,
  type ConversationId,
  type Message,
  type MessageId,
  type SafetyNumber,
  type SecureChat,
  SecureChatError,
  type SendStatus,
} from "@securechat/core"
import { type Command, helpLines } from "./command.ts"
import type { Delivery, Entry } from "./entry.ts"
import { adviceFor } from "./exits.ts"
import { safeText } from "./safe-text.ts"
import { actionHint, reasonSentence } from "./wording.ts"

type PeerCommand = Exclude<
  Command,
  { readonly kind: "nothing" | "quit" | "unknown" | "help" | "to" | "status" }
>

export interface TalkSurroundings {
  readonly chat: SecureChat
  /** The relay's address, for advice. */
  readonly where: string
  readonly show: (entry: Entry) => void
}

const TOLD: ReadonlySet<SendStatus> = new Set(["sent", "delivered", "read", "held", "failed"])
const isTold = (status: SendStatus | undefined): status is Delivery =>
  status !== undefined && TOLD.has(status)

/** Messages of earlier runs shown when a conversation is chosen. */
const PAST = 20

const nameOf = (conversation: Conversation): string => safeText(conversation.title)
const peerOf = (conversation: Conversation): Contact => {
  const [peer] = conversation.members
  if (peer === undefined) throw new SecureChatError("ERR_STATE", "a conversation without a peer")
  return peer
}

export class Talk {
  readonly #chat: SecureChat
  readonly #where: string
  readonly #show: (entry: Entry) => void
  /** Numbers of own messages, in the order they were said. */
  readonly #numbers = new Map<MessageId, number>()
  #current: Conversation | undefined
  #newest: MessageId | undefined
  /** Conversations of which something is on the screen. */
  readonly #shownHere = new Set<ConversationId>()
  /** The newest own message of each conversation: the last whose receipt is worth waiting for. */
  readonly #lastSaid = new Map<Conversation, MessageId>()
  /** The safety number on the screen: only what was seen can be confirmed. */
  #shown: SafetyNumber | undefined

  constructor({ chat, where, show }: TalkSurroundings) {
    this.#chat = chat
    this.#where = where
    this.#show = show
    chat.on("connection", ({ state }) => {
      show({ kind: "connection", state })
    })
    chat.on("security", ({ status, conversationId }) => {
      if (conversationId !== undefined)
        this.#named(conversationId, (who) => ({ kind: "security", who, status }))
    })
    chat.on("typing", ({ active, conversationId }) => {
      this.#named(conversationId, (who) => ({ kind: "typing", who, active }))
    })
    chat.on("message", (message) => {
      this.#received(message)
    })
    chat.on("message:updated", (message) => {
      this.#updated(message)
    })
    chat.on("message:unreadable", ({ conversationId, problem }) => {
      this.#named(conversationId, (who) => ({ kind: "unreadable", who, code: problem.code }))
    })
    chat.on("error", (error) => {
      this.fail(error)
    })
  }

  /** From now on typed lines go to `user`. Shows why not, and returns the exit code, when it fails. */
  async open(user: string): Promise<number> {
    try {
      await this.#enter(await this.#chat.direct(user))
      return 0
    } catch (error) {
      return this.fail(error)
    }
  }

  /** Carries a command out; trouble becomes an entry. `quit` is the view's. */
  async run(command: Command): Promise<void> {
    try {
      await this.#run(command)
    } catch (error) {
      this.fail(error)
    }
  }

  /** Call on each keystroke. */
  typing(): void {
    this.#current?.typing()
  }

  /** Resolves when the relay has everything that was said. @throws ERR_ABORTED */
  async flushed(options: AbortOptions): Promise<void> {
    await this.#chat.flush(options)
  }

  /** Resolves when everything that was said has arrived; never, while a peer is away. @throws ERR_ABORTED */
  async delivered(options: AbortOptions): Promise<void> {
    const waits = Array.from(this.#lastSaid, ([conversation, id]) =>
      conversation.waitFor(id, "delivered", options),
    )
    await Promise.all(waits)
  }

  async #run(command: Command): Promise<void> {
    switch (command.kind) {
      case "nothing":
      case "quit":
        return
      case "unknown":
        this.#show({
          kind: "error",
          code: "ERR_COMMAND",
          text: `There is no ${safeText(command.name)}; see /help.`,
        })
        return
      case "help":
        for (const text of helpLines()) this.#show({ kind: "info", text })
        return
      case "to":
        await this.#enter(await this.#chat.direct(command.user))
        return
      case "status":
        this.#status()
        return
      default:
        return this.#withPeer(command)
    }
  }

  async #withPeer(command: PeerCommand): Promise<void> {
    const conversation = this.#current
    if (conversation === undefined) {
      this.#show({
        kind: "error",
        code: "ERR_NO_PEER",
        text: "Nobody to talk to yet: /to NAME, or wait for a message.",
      })
      return
    }
    switch (command.kind) {
      case "say":
        return this.#say(conversation, command.text)
      case "verify":
        return this.#verify(conversation)
      case "match":
      case "nomatch":
        return this.#compared(conversation, command.kind === "match")
      case "accept":
        return this.#accept(conversation)
      case "reset":
        return peerOf(conversation).reset()
      case "retry":
        return this.#retry(conversation)
      case "encrypted":
        return this.#encrypted(conversation)
    }
  }

  #choose(conversation: Conversation): void {
    this.#current = conversation
    this.#shown = undefined
    this.#show({ kind: "conversation", who: nameOf(conversation), status: conversation.security })
  }

  /** Chooses it, and shows how it stood when the last run ended. */
  async #enter(conversation: Conversation): Promise<void> {
    this.#choose(conversation)
    if (this.#shownHere.has(conversation.id)) return
    this.#shownHere.add(conversation.id)
    const who = nameOf(conversation)
    for (const item of (await conversation.page({ limit: PAST })).items)
      if ("text" in item) this.#show({ kind: "past", who, text: safeText(item.text ?? ""), mine: item.mine })
  }

  async #say(conversation: Conversation, text: string): Promise<void> {
    const message = await conversation.send(text)
    this.#shownHere.add(conversation.id)
    const number = this.#numbers.size + 1
    this.#numbers.set(message.id, number)
    this.#newest = message.id
    this.#lastSaid.set(conversation, message.id)
    this.#show({ kind: "said", who: nameOf(conversation), text: safeText(text), number })
  }

  async #verify(conversation: Conversation): Promise<void> {
    this.#shown = await peerOf(conversation).safetyNumber()
    this.#show({ kind: "number", who: nameOf(conversation), number: this.#shown })
    this.#show({
      kind: "info",
      text: "Compare by voice or in person. The same on both sides: /match. Different: /nomatch.",
    })
  }

  async #compared(conversation: Conversation, same: boolean): Promise<void> {
    const seen = this.#shown
    if (seen === undefined) {
      this.#show({ kind: "error", code: "ERR_NOT_SHOWN", text: "Look at the number first: /verify." })
      return
    }
    this.#shown = undefined
    const peer = peerOf(conversation)
    await (same ? peer.verify(seen) : peer.reject(seen))
  }

  async #accept(conversation: Conversation): Promise<void> {
    const { subject, action } = conversation.security
    if (
      subject === undefined ||
      (action !== "accept" && action !== "verify") ||
      conversation.security.level !== "red"
    ) {
      this.#show({ kind: "info", text: "There is no changed identity to accept." })
      return
    }
    await peerOf(conversation).accept(subject)
    this.#show({ kind: "info", text: "Accepted. What was held leaves with /retry." })
  }

  async #retry(conversation: Conversation): Promise<void> {
    let tried = 0
    for await (const message of conversation.history()) {
      if (!("status" in message) || (message.status !== "held" && message.status !== "failed")) continue
      await conversation.retry(message.id)
      tried++
    }
    this.#show({ kind: "info", text: tried === 0 ? "Nothing is held." : `Sending ${tried} again.` })
  }

  async #encrypted(conversation: Conversation): Promise<void> {
    const copies = this.#newest === undefined ? [] : await conversation.inspect(this.#newest)
    for (const copy of copies) this.#show({ kind: "encrypted", copy })
    if (copies.length === 0) this.#show({ kind: "info", text: "No message yet." })
  }

  #status(): void {
    const chat = this.#chat
    this.#show({ kind: "account", name: chat.user, accountId: chat.accountId })
    this.#show({ kind: "connection", state: chat.connection })
    const conversation = this.#current
    if (conversation === undefined) return
    const [who, status] = [nameOf(conversation), conversation.security]
    this.#show({ kind: "security", who, status })
    const hint = actionHint(status)
    this.#show({ kind: "info", text: reasonSentence(status.reason, who) + (hint === "" ? "" : ` (${hint})`) })
    this.#show({ kind: "info", text: `${who} is ${peerOf(conversation).accountId}` })
  }

  #received(message: Message): void {
    const conversation = this.#conversation(message.conversationId)
    if (conversation === undefined) return
    if (this.#current === undefined) this.#choose(conversation)
    this.#newest = message.id
    this.#shownHere.add(conversation.id)
    const text = safeText(message.text ?? "")
    this.#show({ kind: "message", who: nameOf(conversation), text, status: message.security })
    conversation.markRead(message.id).catch((error: unknown) => this.fail(error))
  }

  #updated(message: Message): void {
    const number = this.#numbers.get(message.id)
    const delivery = message.status
    if (number === undefined || !isTold(delivery)) return
    this.#named(message.conversationId, (who) => ({ kind: "delivery", who, number, delivery }))
  }

  /** From the snapshot, not by a promise: entries keep the order of their events. */
  #conversation(id: ConversationId): Conversation | undefined {
    return this.#chat.getSnapshot().conversations.find((conversation) => conversation.id === id)
  }

  #named(id: ConversationId, entry: (who: string) => Entry): void {
    const conversation = this.#conversation(id)
    if (conversation !== undefined) this.#show(entry(nameOf(conversation)))
  }

  /** @returns the exit code that fits, for callers that cannot go on. */
  fail(error: unknown): number {
    const { exitCode, text } = adviceFor(error, this.#where)
    const code = SecureChatError.is(error) ? error.code : "ERR_INTERNAL"
    const reason = this.#current?.security
    const why =
      code === "ERR_NOT_SECURE" && this.#current !== undefined && reason !== undefined
        ? `Not sent. ${reasonSentence(reason.reason, nameOf(this.#current))} ${actionHint(reason)}`.trim()
        : text
    this.#show({ kind: "error", code, text: why })
    return exitCode
  }
}
