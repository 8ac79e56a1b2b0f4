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
 * All appends of a turn. ARGV now messages bytes dedupMs ids relay, then device envelope id expires of each. Gives for each
 * `duplicate`, `full`, or its place and that of the one before it, there still or not.
 * The relay that the device is connected to is told, unless it is the one that asks.
 */
export const APPEND = script(`${COMMON}
local now, messages, bytes = clock(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local dedupMs, maxIds, asking = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

local function append(device, envelope, id, expires)
  local stream, box, ids = streamKey(device), boxKey(device), idsKey(device)
  local till = redis.call('ZSCORE', ids, id)
  if till and tonumber(till) > now then return 'duplicate' end
  local sums = redis.call('HMGET', box, 'bytes', 'soonest', 'newest')
  if sums[2] and tonumber(sums[2]) <= now then
    expire(device, now, dedupMs)
    sums = redis.call('HMGET', box, 'bytes', 'soonest', 'newest')
  end
  local held = tonumber(sums[1]) or 0
  if redis.call('XLEN', stream) >= messages or held + #envelope > bytes then return 'full' end
  -- The first write, and one that takes memory: Redis refuses it when full, and nothing was changed yet.
  local place = redis.call('XADD', stream, '*', 'e', envelope, 'x', expires)
  redis.call('HSET', box, 'bytes', string.format('%.0f', held + #envelope), 'newest', place)
  if not sums[2] then redis.call('PERSIST', stream) end
  if not sums[2] or tonumber(expires) < tonumber(sums[2]) then
    redis.call('HSET', box, 'soonest', expires)
    redis.call('ZADD', '${KEYS.boxes}', expires, device)
  end
  redis.call('INCR', '${KEYS.messages}')
  redis.call('ZADD', ids, string.format('%.0f', now + dedupMs), id)
  if redis.call('ZCARD', ids) > maxIds then redis.call('ZPOPMIN', ids) end
  redis.call('PEXPIRE', ids, dedupMs)
  local route = redis.call('GET', routeKey(device))
  local relay = route and string.match(route, '^[^/]+')
  if relay and relay ~= asking then redis.call('PUBLISH', channel(relay), 'mail ' .. device) end
  return place .. ' ' .. (sums[3] or '')
end

local results = {}
for i = 7, #ARGV, 4 do table.insert(results, append(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])) end
return results
`)

/** All acks of a turn. ARGV device and id of each. */
export const ACK = script(`${COMMON}
for i = 1, #ARGV, 2 do deleteUpTo(ARGV[i], ARGV[i + 1]) end
`)

/** ARGV now device id dedupMs, an empty id deletes nothing. Gives how many are left. Ids whose time is over go here, once a login, and not with every append. */
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
