/** Names of everything a relay keeps in Redis. A new kind is a line here. */
const PREFIX = "sc:"

export const KEYS = {
  /** Random, made when Redis holds none: after a loss cursors of before mean nothing. */
  epoch: `${PREFIX}epoch`,
  /** Devices whose mailbox holds something, by the time the first envelope in it expires. */
  boxes: `${PREFIX}boxes`,
  /** Envelopes in all mailboxes. */
  messages: `${PREFIX}messages`,
  /** Envelopes of a device, oldest first. */
  stream: (device: string) => `${PREFIX}m:${device}`,
  /** Its bytes, and when the first envelope expires. */
  box: (device: string) => `${PREFIX}b:${device}`,
  /** Envelope ids by when they may be forgotten. */
  ids: (device: string) => `${PREFIX}i:${device}`,
  /** The relay a device is connected to. */
  route: (device: string) => `${PREFIX}r:${device}`,
  /** What other relays tell this one. */
  channel: (relay: string) => `${PREFIX}relay:${relay}`,
} as const

/** Names that scripts make themselves. */
export const LUA_KEYS = `
local function streamKey(device) return '${PREFIX}m:' .. device end
local function boxKey(device) return '${PREFIX}b:' .. device end
local function idsKey(device) return '${PREFIX}i:' .. device end
`
