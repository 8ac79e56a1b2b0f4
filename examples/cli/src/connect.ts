/** The first connection: online, or the reason why not. Later losses are the SDK's to repair. */
import type { AbortOptions, SecureChat } from "@securechat/core"

/**
 * Resolves when the chat is online. Rejects with the error of the first attempt that fails: a person who has
 * just typed a command wants to be told, not to wait for the tenth attempt.
 */
export const connect = async (chat: SecureChat, { signal }: AbortOptions): Promise<void> => {
  const failed = Promise.withResolvers<never>()
  const stop = chat.on("connection", ({ error }) => {
    if (error !== undefined) failed.reject(error)
  })
  try {
    await chat.start({ signal })
    await Promise.race([chat.whenOnline({ signal }), failed.promise])
  } finally {
    stop()
  }
}
