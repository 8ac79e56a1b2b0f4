/**
 * Every number of the wire in one place; none is ever reused. `docs/wire-format.md` holds the same
 * tables and a check compares them. Reserved numbers are named there, not here: a decoder refuses them.
 */

export const PROTOCOL_VERSION = 0x01
/** Version byte of each signed statement. */
export const STATEMENT_VERSION = 0x01
/** The one suite: X25519, Ed25519, ML-KEM-768, HKDF/HMAC-SHA-256, Fernet. protocol.md §2 */
export const SUITE_1 = 0x0001
/** Identity suite: the key set is this byte and the account key. */
export const ID_SUITE_1 = 0x01

export const ALGORITHM = { ed25519: 0x01, x25519: 0x02, mlKem768: 0x03 } as const

/** protocol.md §6.2 */
export const ENVELOPE_TYPE = { first: 1, message: 2, signal: 4, hello: 6 } as const
export const ENVELOPE_FLAG = { kemPk: 0b001, kemCt: 0b010, franked: 0b100 } as const
/** protocol.md §4.2 */
export const HANDSHAKE_FLAG = {
  oneTimePrekey: 0b00001,
  oneTimeKem: 0b00010,
  live: 0b00100,
  channel: 0b01000,
  unfranked: 0b10000,
} as const

/** protocol.md §3 */
export const PREKEY_KIND = { spk: 1, opk: 2, pqspk: 3, pqopk: 4 } as const

/** protocol.md §6.4 */
export const PAYLOAD_KIND = {
  message: 1,
  receipt: 3,
  resend: 4,
  channelOpen: 11,
  channelOpenAck: 12,
  typing: 14,
  presence: 15,
} as const

/** Keys of a payload's meta map. protocol.md §6.4 */
export const META_KEY = {
  messageId: 1,
  sentAt: 2,
  ownList: 4,
  peerList: 5,
  sequence: 7,
  previous: 8,
  acks: 9,
  seen: 11,
} as const

/** relay.md §3 */
export const FRAME_TYPE = {
  hello: 0x01,
  challenge: 0x02,
  proof: 0x03,
  ready: 0x04,
  token: 0x05,
  drain: 0x06,
  bye: 0x07,
  ping: 0x08,
  pong: 0x09,
  ok: 0x0a,
  nack: 0x0b,
  publish: 0x10,
  devices: 0x11,
  claim: 0x12,
  stock: 0x15,
  handleSet: 0x18,
  handleGet: 0x19,
  submit: 0x20,
  accepted: 0x21,
  deliver: 0x22,
  ack: 0x23,
  caughtUp: 0x24,
  signal: 0x28,
  signalled: 0x29,
} as const

/** Codes of nack and bye; a WebSocket closes with 4000 + code. relay.md §3 */
export const RELAY_CODE = {
  malformed: 1,
  unsupported: 2,
  refused: 3,
  timeout: 4,
  limited: 5,
  full: 6,
  tooLarge: 7,
  replaced: 8,
  slow: 9,
  unavailable: 10,
  draining: 11,
  revoked: 12,
  expired: 13,
} as const
