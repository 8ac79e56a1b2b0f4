/** What every adapter that dials says alike: an address it cannot use, an option it does not know, no connection. */
import { SecureChatError } from "../errors.ts"

/** An option an adapter cannot work with: ERR_CONFIG_INVALID. */
export const invalidOption = (message: string, hint: string): SecureChatError =>
  new SecureChatError("ERR_CONFIG_INVALID", message, { hint })

/**
 * An absolute address with the scheme `http:` or `https:`; `ws:` and `wss:` are the same place by another name.
 *
 * @param name of the transport, for the message.
 * @throws ERR_CONFIG_INVALID
 */
export const httpAddress = (url: string | URL, name: string): URL => {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address === undefined || !/^(http|ws)s?:$/.test(address.protocol))
    throw invalidOption(`not a ${name} address`, "Give an absolute address such as https://chat.example.")
  return new URL(address.href.replace(/^ws/, "http"))
}

/** The error of `connect`. `isProtocol`: the far end answered, with something else. */
export const unconnectedError = (name: string, isProtocol: boolean, cause?: unknown): SecureChatError =>
  isProtocol
    ? new SecureChatError("ERR_TRANSPORT_PROTOCOL", `the far end did not open a ${name} connection`, {
        cause,
        hint: "Check the address, its path, and what the server asks of those who connect.",
      })
    : new SecureChatError("ERR_TRANSPORT_UNREACHABLE", `no ${name} connection`, { cause })
