/** What a person waits for: from `send()` to the `message` event, through a server on loopback. */
import type { Row } from "./row.ts"

const chat = (
  id: string,
  conversations: string,
  load: object,
  target?: { readonly atLeast: number },
): Row => ({
  id,
  group: "chat",
  work: `send() to message event through the relay, 100 B, memory stores, ${conversations}`,
  unit: "messages per second of the processor, clients and server",
  quick: target !== undefined,
  slowness: 4,
  ours: { name: "securechat", module: "../tests/load/chat.ts", task: "sdk", input: load },
  theirs: [
    {
      by: {
        name: "@signalapp/libsignal-client, around a bare ws forwarder",
        module: "peers/libsignal-chat.mjs",
        task: "chat",
        input: load,
      },
      ...(target === undefined ? {} : { target }),
    },
  ],
})

export const CHAT_ROWS: readonly Row[] = [
  chat("chat", "8 conversations", { bytes: 100, pairs: 8, window: 1 }, { atLeast: 1.2 }),
  chat("chat-one", "one conversation, 8 under way", { bytes: 100, pairs: 1, window: 8 }),
]
