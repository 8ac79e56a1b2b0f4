/**
 * The steps of a Redis mailbox, each atomic. A stream per device holds `e` (envelope) and `x` (when it
 * expires); its ids are Redis' own, which rise with the clock and never twice.
 */
import { KEYS, LUA_KEYS } from "./keys.ts"
import { script } from "./link.ts"

/** `now` is Redis' own unless a test holds the clock: relays with other clocks then agree on what has expired. */
const COMMON = `${LUA_KEYS}
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Sums, after envelopes have gone. An empty mailbox is left as it is: between two people who talk it fills again at once,
-- and each write is one more for the log.
local function shrink(device, count, bytes)
  if count == 0 then return end
  redis.call('DECRBY', '${KEYS.messages}', count)
  redis.call('HINCRBY', boxKey(device), 'bytes', -bytes)
end

-- What nobody needs of an empty mailbox. The stream goes last: it remembers which ids were used.
local function tidy(device, keepMs)
  if redis.call('XLEN', streamKey(device)) > 0 then return end
  redis.call('ZREM', '${KEYS.boxes}', device)
  redis.call('DEL', boxKey(device))
  redis.call('PEXPIRE', streamKey(device), keepMs)
end

-- Deletes what has expired; envelopes may name their own end, so all are looked at, and only when the first is due.
local function expire(device, now, keepMs)
  local soonest = redis.call('HGET', boxKey(device), 'soonest')
  if not soonest or tonumber(soonest) > now then return end
  local stream, from, count, bytes, nextDue = streamKey(device), '-', 0, 0, nil
  repeat
    local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', 100)
    for _, entry in ipairs(entries) do
      local due = tonumber(entry[2][4])
      if due <= now then
        count, bytes = count + redis.call('XDEL', stream, entry[1]), bytes + #entry[2][2]
      elseif not nextDue or due < nextDue then nextDue = due end
      from = '(' .. entry[1]
    end
  until #entries < 100
  if nextDue then
    redis.call('HSET', boxKey(device), 'soonest', string.format('%.0f', nextDue))
    redis.call('ZADD', '${KEYS.boxes}', string.format('%.0f', nextDue), device)
  end
  shrink(device, count, bytes)
  tidy(device, keepMs)
end

local function deleteUpTo(device, id)
  local stream = streamKey(device)
  local entries, bytes = redis.call('XRANGE', stream, '-', id), 0
  if #entries == 0 then return end
  for _, entry in ipairs(entries) do bytes = bytes + #entry[2][2] end
  local ms, part = string.match(id, '^(%d+)-(%d+)$')
  redis.call('XTRIM', stream, 'MINID', ms .. '-' .. string.format('%.0f', part + 1))
  shrink(device, #entries, bytes)
end
`

/**
 * KEYS stream box ids route; ARGV now device envelope id expires messages bytes dedupMs ids relay.
 * The relay that the device is connected to is told, unless it is the one that asks.
 */
export const APPEND = script(`${COMMON}
local device, envelope, id, expires = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local messages, bytes, dedupMs, maxIds = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local now = clock(ARGV[1])
local till = redis.call('ZSCORE', KEYS[3], id)
if till and tonumber(till) > now then return 'duplicate' end
local box = redis.call('HMGET', KEYS[2], 'bytes', 'soonest')
if box[2] and tonumber(box[2]) <= now then
  expire(device, now, dedupMs)
  box = redis.call('HMGET', KEYS[2], 'bytes', 'soonest')
end
local count = redis.call('XLEN', KEYS[1])
if count >= messages or (tonumber(box[1]) or 0) + #envelope > bytes then return 'full' end
-- The first write, and one that takes memory: Redis refuses it when full, and nothing was changed yet.
redis.call('XADD', KEYS[1], '*', 'e', envelope, 'x', expires)
if not box[2] then redis.call('PERSIST', KEYS[1]) end
redis.call('HINCRBY', KEYS[2], 'bytes', #envelope)
if not box[2] or tonumber(expires) < tonumber(box[2]) then
  redis.call('HSET', KEYS[2], 'soonest', expires)
  redis.call('ZADD', '${KEYS.boxes}', expires, device)
end
redis.call('INCR', '${KEYS.messages}')
redis.call('ZADD', KEYS[3], string.format('%.0f', now + dedupMs), id)
if redis.call('ZCARD', KEYS[3]) > maxIds then redis.call('ZPOPMIN', KEYS[3]) end
redis.call('PEXPIRE', KEYS[3], dedupMs)
local route = redis.call('GET', KEYS[4])
local relay = route and string.match(route, '^[^/]+')
if relay and relay ~= ARGV[10] then redis.call('PUBLISH', '${KEYS.channel("")}' .. relay, 'mail ' .. device) end
return 'stored'
`)

/** ARGV now device id dedupMs. An empty id deletes nothing. */
export const ACK = script(`${COMMON}
if ARGV[3] ~= '' then deleteUpTo(ARGV[2], ARGV[3]) end
`)

/** The same, and how many are left. Ids whose time is over go here, once a login, and not with every append. */
export const RESUME = script(`${COMMON}
local now = clock(ARGV[1])
expire(ARGV[2], now, ARGV[4])
redis.call('ZREMRANGEBYSCORE', idsKey(ARGV[2]), '-inf', string.format('%.0f', now))
if ARGV[3] ~= '' then deleteUpTo(ARGV[2], ARGV[3]) end
return redis.call('XLEN', streamKey(ARGV[2]))
`)

/** ARGV now device "" dedupMs */
export const EXPIRE = script(`${COMMON}
expire(ARGV[2], clock(ARGV[1]), ARGV[4])
`)

/** ARGV device */
export const DROP = script(`${COMMON}
redis.call('DECRBY', '${KEYS.messages}', redis.call('XLEN', streamKey(ARGV[1])))
redis.call('ZREM', '${KEYS.boxes}', ARGV[1])
redis.call('DEL', streamKey(ARGV[1]), boxKey(ARGV[1]), idsKey(ARGV[1]))
`)

/** ARGV device and id of each: those that have something after it. */
export const NEWS = script(`${COMMON}
local found = {}
for i = 1, #ARGV, 2 do
  local from = ARGV[i + 1] == '' and '-' or '(' .. ARGV[i + 1]
  if #redis.call('XRANGE', streamKey(ARGV[i]), from, '+', 'COUNT', 1) > 0 then table.insert(found, ARGV[i]) end
end
return found
`)

/** ARGV now "" "" dedupMs: mailboxes that nobody opens, and some that are empty. */
export const SWEEP = script(`${COMMON}
local now = clock(ARGV[1])
for _, device in ipairs(redis.call('ZRANGEBYSCORE', '${KEYS.boxes}', '-inf', string.format('%.0f', now), 'LIMIT', 0, 50)) do
  expire(device, now, ARGV[4])
end
for _, device in ipairs(redis.call('ZRANDMEMBER', '${KEYS.boxes}', 100)) do tidy(device, ARGV[4]) end
`)
