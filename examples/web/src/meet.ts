/** How two people of a demo find each other: by handle, in whichever order their windows open. */
import { SecureChatError, type Conversation, type SecureChat } from "@securechat/core"

/** Between two looks into the directory while the other window is not open yet. */
const LOOK_AGAIN_MS = 1_500

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer)
        reject(new SecureChatError("ERR_ABORTED", "stopped waiting for the other person"))
      },
      { once: true },
    )
  })

/** Not there yet, as opposed to: will never work. */
const isTooEarly = (error: unknown): boolean =>
  SecureChatError.is(error, "ERR_USER_NOT_FOUND") || (SecureChatError.is(error) && error.retryable)

/** Asks until the peer has signed in. Rejects when it can never work, or when `signal` fires. */
export const meet = async (chat: SecureChat, handle: string, signal: AbortSignal): Promise<Conversation> => {
  for (;;) {
    try {
      return await chat.direct(handle, { signal })
    } catch (error) {
      if (!isTooEarly(error)) throw error
    }
    await wait(LOOK_AGAIN_MS, signal)
  }
}

/** Resolves as soon as the light is not red. */
export const untilOpen = async (conversation: Conversation, signal: AbortSignal): Promise<void> => {
  while (conversation.security.level === "red") await conversation.once("security", { signal })
}
