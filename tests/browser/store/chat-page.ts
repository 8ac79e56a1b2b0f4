/** Runs in the page: one chat on the browser's own store, as an app would hold it. */
import { SecureChat, type SecureChatError } from "@securechat/core"
import { indexedDbStore } from "@securechat/core/store/indexeddb"
import { webSocket } from "@securechat/transport-ws"

let chat: SecureChat | undefined
const errors: string[] = []
const codeOf = (error: unknown): string => (error as Partial<SecureChatError>).code ?? String(error)

/** "open", or the code of why not. */
export const open = async (url: string, name: string, tabs: "refuse" | "takeover"): Promise<string> => {
  chat ??= new SecureChat({
    ...{ user: "alice", transport: webSocket(url), tabs },
    ...{ store: indexedDbStore(name), storeKey: new Uint8Array(32).fill(7) },
  })
  chat.on("error", (error) => errors.push(error.code))
  return chat.start().then(() => "open", codeOf)
}
export const send = async (text: string): Promise<string> => {
  if (chat === undefined) return "no chat"
  try {
    return (await (await chat.direct("bob")).send(text)).text ?? ""
  } catch (error) {
    return codeOf(error)
  }
}
export const state = (): { connection: string; errors: readonly string[] } => ({
  connection: chat?.connection ?? "none",
  errors,
})

export interface ChatInPage {
  readonly open: typeof open
  readonly send: typeof send
  readonly state: typeof state
}
