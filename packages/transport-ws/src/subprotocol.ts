/** What both ends must agree on before the first frame. relay.md §2 */

/** Fixes the shape of hello, challenge and proof for ever. */
export const SUBPROTOCOL = "securechat.v1"
/** Where a relay listens, and what an address without a path means. */
export const RELAY_PATH = "/ws"
