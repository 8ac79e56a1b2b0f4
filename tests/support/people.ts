/** People on a real relay: opened with their own stores, closed with the test, restarted on demand. */
import { type ChatOptions, type Message, SecureChat, type Store, memoryStore } from "@securechat/core"
import { type Relay, type RelayOptions, createRelay } from "@securechat/server"
import { silentLogger } from "@securechat/core/transport"
import { way } from "./transports.ts"

export interface World extends AsyncDisposable {
  /** A chat with its own store, unless one is given. */
  open(options?: Partial<ChatOptions>): Promise<SecureChat>
  /** Online already. */
  join(user: string, options?: Partial<ChatOptions>): Promise<SecureChat>
  /** Gone at once, with everything it kept in memory. */
  killRelay(): Promise<void>
  /** Another one on the same port. */
  startRelay(): Promise<void>
  readonly relay: Relay
  readonly url: string
  readonly port: number
}

/** Attempts follow each other quickly: nothing here waits for a person. */
const RETRY = { minMs: 20, maxMs: 100 }

export const world = async (options: RelayOptions = {}): Promise<World> => {
  // Buckets as wide as a test needs: what they do is the relay's own test.
  const wide = { size: 10_000, perSecond: 10_000 }
  const buckets = {
    login: wide,
    deviceLogin: wide,
    submit: wide,
    deviceSubmit: wide,
    signal: wide,
    lookup: wide,
  }
  const limits = {
    buckets: { ...buckets, claim: wide, claimTarget: wide, publish: wide, handle: wide },
    connectionsPerAddress: 0,
  }
  const make = (port: number): Relay => createRelay({ port, logger: silentLogger, limits, ...options })
  let relay = make(0)
  const { port, url } = await relay.listen()
  const chats: SecureChat[] = []
  const open: World["open"] = async (more = {}) => {
    const chat = await SecureChat.open({
      transport: way().dial(url),
      retry: RETRY,
      ...more,
    })
    chats.push(chat)
    return chat
  }
  return {
    ...{ url, port },
    get relay() {
      return relay
    },
    open,
    join: async (user, more = {}) => {
      const chat = await open({ user, ...more })
      await chat.whenOnline()
      return chat
    },
    killRelay: () => relay.close({ drainMs: 0 }),
    startRelay: async () => {
      relay = make(port)
      await relay.listen()
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(chats.map((chat) => chat.close()))
      await relay.close({ drainMs: 0 })
    },
  }
}

/** The next `count` messages, in the order in which they come. */
export const collect = async (chat: SecureChat, count: number): Promise<Message[]> => {
  const messages: Message[] = []
  for await (const message of chat.events("message")) {
    messages.push(message)
    if (messages.length === count) break
  }
  return messages
}

/** Resolves when `holds` is true, asked again at each change the chat tells. */
export const until = async (chat: SecureChat, holds: () => boolean): Promise<void> => {
  if (holds()) return
  await new Promise<void>((resolve) => {
    const stop = chat.subscribe(() => {
      if (!holds()) return
      stop()
      resolve()
    })
  })
}

export const freshStore = (): Store => memoryStore()
