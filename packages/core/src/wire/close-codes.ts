/**
 * Codes of nack and bye and how they travel as WebSocket close codes, shared by both ends. relay.md §3
 *
 * A bye is the last frame of a connection; where the transport has close codes the same code follows as
 * 4000 + code. 0 is a client that simply leaves: WebSocket 1000.
 */
import { RELAY_CODE } from "./tags.ts"

export type RelayCodeName = keyof typeof RELAY_CODE

/** A client's bye without a complaint. */
export const BYE_LEAVING = 0
/** WebSocket close code of a normal end. RFC 6455 §7.4.1 */
export const CLOSE_NORMAL = 1000
const CLOSE_BASE = 4000

const NAME_OF: ReadonlyMap<number, RelayCodeName> = /* @__PURE__ */ new Map(
  (Object.keys(RELAY_CODE) as RelayCodeName[]).map((name) => [RELAY_CODE[name], name]),
)

/** The name of a code; undefined for one this version does not know. */
export const relayCodeName = (code: number): RelayCodeName | undefined => NAME_OF.get(code)

/** WebSocket close code that carries a relay code. */
export const closeCodeOf = (code: number): number => (code === BYE_LEAVING ? CLOSE_NORMAL : CLOSE_BASE + code)

/** The relay code inside a WebSocket close code, if there is one. */
export const relayCodeOf = (closeCode: number): number | undefined => {
  const code = closeCode - CLOSE_BASE
  return NAME_OF.has(code) ? code : undefined
}

/**
 * Whether the relay wants us back after a connection ended with this close code: `never` where trying
 * again cannot help or was forbidden, `now` after a clean drain, `backoff` otherwise. `expired` is
 * `backoff`, with a new token.
 */
export const retryAdvice = (closeCode: number): "now" | "backoff" | "never" => {
  const name = NAME_OF.get(closeCode - CLOSE_BASE)
  return name === undefined ? "backoff" : ADVICE[name]
}

const ADVICE: Readonly<Record<RelayCodeName, "now" | "backoff" | "never">> = {
  malformed: "never",
  unsupported: "never",
  refused: "never",
  timeout: "backoff",
  limited: "backoff",
  full: "backoff",
  tooLarge: "never",
  replaced: "never",
  slow: "backoff",
  unavailable: "backoff",
  draining: "now",
  revoked: "never",
  expired: "backoff",
}
