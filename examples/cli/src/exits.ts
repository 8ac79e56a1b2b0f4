/** How the process ends: one exit code per kind of trouble, and what to do about it. Pure. */
import { type ErrorInfo, SecureChatError } from "@securechat/core"

export const EXIT = {
  fine: 0,
  unexpected: 1,
  usage: 2,
  noRelay: 3,
  noPeer: 4,
  refused: 5,
  unsent: 6,
  noStore: 7,
} as const

export interface Advice {
  readonly exitCode: number
  /** One sentence, or two: what happened, what to do. */
  readonly text: string
}

/** What to say of an error, and how to leave when there is no going on after it. `where` is the relay's address. */
export const adviceFor = (error: unknown, where: string): Advice => {
  if (!SecureChatError.is(error)) {
    const text = error instanceof Error ? error.message : String(error)
    return { exitCode: EXIT.unexpected, text }
  }
  switch (error.code) {
    case "ERR_TRANSPORT_UNREACHABLE":
      return {
        exitCode: EXIT.noRelay,
        text: `No relay answers at ${where}. Start it with "npm start", or name another with --relay.`,
      }
    case "ERR_TRANSPORT_PROTOCOL":
      return { exitCode: EXIT.noRelay, text: `What answers at ${where} is no SecureChat relay.` }
    case "ERR_USER_NOT_FOUND":
      return {
        exitCode: EXIT.noPeer,
        text: "Nobody of that name here. Check the spelling; they have to sign in once before you can write first.",
      }
    case "ERR_NO_PREKEYS":
      return { exitCode: EXIT.noPeer, text: "They have no keys at the relay. They have to come online once." }
    case "ERR_HANDLE_TAKEN":
      return { exitCode: EXIT.refused, text: "That name belongs to somebody else here. Take another --name." }
    case "ERR_AUTH_REQUIRED":
    case "ERR_AUTH_REJECTED":
    case "ERR_AUTH_EXPIRED":
      return { exitCode: EXIT.refused, text: "The relay refused the sign-in." }
    case "ERR_OTHER_TAB":
      return {
        exitCode: EXIT.noStore,
        text: "Another chat has this store. Leave it there, or take it with --takeover.",
      }
    case "ERR_STORE_WRONG_KEY":
    case "ERR_STORE_CORRUPT":
    case "ERR_STORE_TOO_NEW":
    case "ERR_STORE_UNAVAILABLE":
    case "ERR_STORE_FULL":
      return { exitCode: EXIT.noStore, text: sentence(error) }
    default:
      return { exitCode: EXIT.unexpected, text: sentence(error) }
  }
}

const sentence = (error: ErrorInfo): string =>
  error.hint === undefined ? error.message : `${error.message}. ${error.hint}`
