/** Names of everything a relay keeps in Redis. A new kind is a line here. */
const PREFIX = "sc:"

export const KEYS = {
  /** Random, made when Redis holds none: after a loss cursors of before mean nothing. */
  epoch: `${PREFIX}epoch`,
  /** Devices whose mailbox holds something, or did a while ago, by the time the first envelope in it expires. */
  boxes: `${PREFIX}boxes`,
  /** Envelopes in all mailboxes. */
  messages: `${PREFIX}messages`,
  /** Envelopes of a device, oldest first. */
  stream: (device: string) => `${PREFIX}m:${device}`,
  /** Its bytes, and when the first envelope expires. */
  box: (device: string) => `${PREFIX}b:${device}`,
  /** Envelope ids by when they may be forgotten. */
  ids: (device: string) => `${PREFIX}i:${device}`,
  /** An account: its newest list, and for each of its devices certificate, signed keys and what was seen. */
  account: (account: string) => `${PREFIX}a:${account}`,
  /** Its signed lists, oldest first. */
  lists: (account: string) => `${PREFIX}l:${account}`,
  /** Accounts by when they were seen. */
  accounts: `${PREFIX}accounts`,
  /** A handle: account, version, record. */
  handle: (handle: string) => `${PREFIX}h:${handle}`,
  /** How many there are. */
  handles: `${PREFIX}handles`,
  /** Handles of an account. */
  handlesOf: (account: string) => `${PREFIX}g:${account}`,
  /** Account that an app's name is bound to. */
  binding: (handle: string) => `${PREFIX}n:${handle}`,
  /** Counts logins: of two, the higher one owns the route. */
  fence: `${PREFIX}fence`,
  /** The relay a device is connected to, and its fence. */
  route: (device: string) => `${PREFIX}r:${device}`,
  /** What other relays tell this one. */
  channel: (relay: string) => `${PREFIX}relay:${relay}`,
} as const

/** Names that scripts make themselves. */
export const LUA_KEYS = `
local function streamKey(device) return '${PREFIX}m:' .. device end
local function boxKey(device) return '${PREFIX}b:' .. device end
local function idsKey(device) return '${PREFIX}i:' .. device end
local function accountKey(account) return '${PREFIX}a:' .. account end
local function listsKey(account) return '${PREFIX}l:' .. account end
local function oneTimeKey(account, device) return '${PREFIX}o:' .. account .. ':' .. device end
local function kemKey(account, device) return '${PREFIX}k:' .. account .. ':' .. device end
local function handleKey(handle) return '${PREFIX}h:' .. handle end
local function handlesKey(account) return '${PREFIX}g:' .. account end
local function bindingKey(handle) return '${PREFIX}n:' .. handle end
local function routeKey(device) return '${PREFIX}r:' .. device end
local function channel(relay) return '${PREFIX}relay:' .. relay end
local function bucketKey(name) return '${PREFIX}t:' .. name end
`
