/**
 * The steps of the directory in Redis, each atomic. An account is a hash: its chain (`first`, `version`,
 * `hash`, `length`), device ids of the newest list as JSON, a revision, and for each device `c:` certificate, `s:` and
 * `su:` signed prekey and its end, `r:` and `ru:` the last-resort key, `u:` its uses, `m:` what was seen. One-time keys
 * are lists of `end:bytes`.
 */
import { KEYS, LUA_KEYS } from "./keys.ts"
import { script } from "./link.ts"

const COMMON = `${LUA_KEYS}
local function names(json, id) return json and string.find(json, '"' .. id .. '"', 1, true) ~= nil end
local function endOf(entry) return tonumber(string.match(entry, '^%d+')) end
local function bytesOf(entry) return string.sub(entry, string.find(entry, ':', 1, true) + 1) end
local function dropExpired(key, now)
  for _, entry in ipairs(redis.call('LRANGE', key, 0, -1)) do
    if endOf(entry) <= now then redis.call('LREM', key, 1, entry) end
  end
end
local function take(key, now)
  local entry
  repeat entry = redis.call('LPOP', key) until not entry or endOf(entry) > now
  return entry and bytesOf(entry)
end
local function bind(handle, account)
  redis.call('SET', bindingKey(handle), account, 'NX')
  return redis.call('GET', bindingKey(handle)) == account
end
local function dropDevice(account, device)
  local known = redis.call('HEXISTS', accountKey(account), 'c:' .. device)
  for _, field in ipairs({'c:', 's:', 'su:', 'r:', 'ru:', 'u:', 'm:'}) do
    redis.call('HDEL', accountKey(account), field .. device)
  end
  redis.call('DEL', oneTimeKey(account, device), kemKey(account, device))
  return known == 1
end
`

/** ARGV account device */
export const FIND = script(`${COMMON}
local account, device = ARGV[1], ARGV[2]
local known = redis.call('HMGET', accountKey(account), 'c:' .. device, 'revoked')
return {
  known[1],
  names(known[2], device) and 1 or 0,
  redis.call('LLEN', oneTimeKey(account, device)),
  redis.call('LLEN', kemKey(account, device)),
  redis.call('SMEMBERS', handlesKey(account)),
}
`)

/**
 * ARGV account device handle now relay routeMs. Revocation, the app's name and the route in one step: a
 * list that revokes comes before it and is seen, or after it and finds the route.
 */
export const ENTER = script(`${COMMON}
local account, device, handle, now, relay, routeMs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if names(redis.call('HGET', accountKey(account), 'revoked'), device) then return {1, 0, 0} end
if handle ~= '' and not bind(handle, account) then return {0, 0, 0} end
redis.call('ZADD', '${KEYS.accounts}', 'XX', now, account)
local fence = redis.call('INCR', '${KEYS.fence}')
local before = redis.call('GET', routeKey(device))
redis.call('SET', routeKey(device), relay .. '/' .. fence, 'PX', routeMs)
local older = before and string.match(before, '^[^/]+')
if older and older ~= relay then redis.call('PUBLISH', channel(older), 'replaced ' .. device .. ' ' .. fence) end
return {0, 1, fence}
`)

/** ARGV handle account */
export const BIND = script(`${COMMON}
return bind(ARGV[1], ARGV[2]) and 1 or 0
`)

/** What a publication is compared with. ARGV account device now */
export const STANDING = script(`${COMMON}
local account, device, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
dropExpired(oneTimeKey(account, device), now)
dropExpired(kemKey(account, device), now)
return {
  redis.call('HMGET', accountKey(account), 'rev', 'version', 'hash', 'length', 'revoked', 'm:' .. device),
  redis.call('LLEN', oneTimeKey(account, device)),
  redis.call('LLEN', kemKey(account, device)),
  redis.call('ZCARD', '${KEYS.accounts}'),
}
`)

/**
 * Takes a publication, if nobody has published for the account since it was compared; false: somebody has.
 * ARGV account device rev now listed revoked list version hash
 *      keys certificate signed signedUntil resort resortUntil memory, then counted: one-time, KEM, newly revoked.
 * An empty list extends nothing; keys is 1 or 0.
 */
export const PUBLISH = script(`${COMMON}
local account, device, key = ARGV[1], ARGV[2], accountKey(ARGV[1])
if (redis.call('HGET', key, 'rev') or '') ~= ARGV[3] then return false end
redis.call('HINCRBY', key, 'rev', 1)
redis.call('HSET', key, 'listed', ARGV[5], 'revoked', ARGV[6])
if ARGV[7] ~= '' then
  redis.call('RPUSH', listsKey(account), ARGV[7])
  redis.call('HSETNX', key, 'first', ARGV[8])
  redis.call('HSET', key, 'version', ARGV[8], 'hash', ARGV[9], 'length', redis.call('LLEN', listsKey(account)))
end
redis.call('ZADD', '${KEYS.accounts}', ARGV[4], account)
if ARGV[10] == '1' then
  redis.call('HSET', key, 'c:' .. device, ARGV[11], 's:' .. device, ARGV[12], 'su:' .. device, ARGV[13],
    'r:' .. device, ARGV[14], 'ru:' .. device, ARGV[15], 'm:' .. device, ARGV[16])
  redis.call('HSETNX', key, 'u:' .. device, 0)
end
local at = 17
local function each(visit)
  local count = tonumber(ARGV[at])
  for i = at + 1, at + count do visit(ARGV[i]) end
  at = at + count + 1
end
each(function(entry) redis.call('RPUSH', oneTimeKey(account, device), entry) end)
each(function(entry) redis.call('RPUSH', kemKey(account, device), entry) end)
local dropped, routes = {}, {}
each(function(revoked)
  if dropDevice(account, revoked) then table.insert(dropped, revoked) end
  local route = redis.call('GET', routeKey(revoked))
  if route then redis.call('PUBLISH', channel(string.match(route, '^[^/]+')), 'revoked ' .. revoked .. ' ' .. account) end
end)
return {
  redis.call('LLEN', oneTimeKey(account, device)),
  redis.call('LLEN', kemKey(account, device)),
  tonumber(redis.call('HGET', key, 'u:' .. device) or 0),
  dropped,
}
`)

/** ARGV account knownVersion limit */
export const LISTS = script(`${COMMON}
local key = accountKey(ARGV[1])
local known = redis.call('HMGET', key, 'first', 'listed')
if not known[1] then return false end
local from = math.max(0, ARGV[2] - known[1] + 1)
local lists, certificates = redis.call('LRANGE', listsKey(ARGV[1]), from, from + ARGV[3] - 1), {}
if #lists > 0 then
  for _, device in ipairs(cjson.decode(known[2])) do
    local certificate = redis.call('HGET', key, 'c:' .. device)
    if certificate then table.insert(certificates, certificate) end
  end
end
return {lists, certificates}
`)

/** A key leaves its list in the step that reads it. ARGV account now device… */
export const CLAIM = script(`${COMMON}
local account, now, key = ARGV[1], tonumber(ARGV[2]), accountKey(ARGV[1])
for i = 3, #ARGV do
  if redis.call('HEXISTS', key, 'c:' .. ARGV[i]) == 0 then return false end
end
local list, bundles = redis.call('LINDEX', listsKey(account), -1), {}
for i = 3, #ARGV do
  local device = ARGV[i]
  local known = redis.call('HMGET', key, 'c:' .. device, 's:' .. device, 'su:' .. device, 'r:' .. device, 'ru:' .. device)
  dropExpired(kemKey(account, device), now)
  local lastResort = redis.call('LLEN', kemKey(account, device)) == 0
  if tonumber(known[3]) <= now or (lastResort and tonumber(known[5]) <= now) then
    table.insert(bundles, {})
  else
    local kem, oneTime = take(kemKey(account, device), now) or known[4], take(oneTimeKey(account, device), now)
    local uses = redis.call('HINCRBY', key, 'u:' .. device, lastResort and 1 or 0)
    table.insert(bundles, {
      known[1], list, known[2], oneTime or false, kem, lastResort and 1 or 0,
      redis.call('LLEN', oneTimeKey(account, device)), redis.call('LLEN', kemKey(account, device)), uses,
    })
  end
end
return bundles
`)

/** ARGV handle account version record perAccount total */
export const SET_HANDLE = script(`${COMMON}
local handle, account = ARGV[1], ARGV[2]
local bound = redis.call('GET', bindingKey(handle))
if bound and bound ~= account then return 'refused' end
local entry = redis.call('HMGET', handleKey(handle), 'account', 'version')
if entry[1] then
  if entry[1] ~= account or tonumber(ARGV[3]) < tonumber(entry[2]) then return 'refused' end
else
  if redis.call('SCARD', handlesKey(account)) >= tonumber(ARGV[5]) then return 'full' end
  if tonumber(redis.call('GET', '${KEYS.handles}') or 0) >= tonumber(ARGV[6]) then return 'full' end
  redis.call('INCR', '${KEYS.handles}')
end
redis.call('HSET', handleKey(handle), 'account', account, 'version', ARGV[3], 'record', ARGV[4])
redis.call('SADD', handlesKey(account), handle)
return 'set'
`)

/** ARGV before later: some at once; those with a handle are looked at again later. */
export const FORGET = script(`${COMMON}
for _, account in ipairs(redis.call('ZRANGEBYSCORE', '${KEYS.accounts}', '-inf', '(' .. ARGV[1], 'LIMIT', 0, 100)) do
  if redis.call('SCARD', handlesKey(account)) > 0 then
    redis.call('ZADD', '${KEYS.accounts}', 'XX', ARGV[2], account)
  else
    for _, field in ipairs(redis.call('HKEYS', accountKey(account))) do
      if string.sub(field, 1, 2) == 'c:' then dropDevice(account, string.sub(field, 3)) end
    end
    redis.call('DEL', accountKey(account), listsKey(account))
    redis.call('ZREM', '${KEYS.accounts}', account)
  end
end
`)
