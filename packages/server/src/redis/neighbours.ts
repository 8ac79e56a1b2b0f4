/**
 * Relays that share a Redis: routes from device to relay, news over one channel per relay, buckets. A
 * message is words up to the line's end, then the bytes of a signal.
 */
import type { Limits } from "../limit/limits.ts"
import type { Neighbours, News } from "../relay/neighbours.ts"
import { toText } from "../relay/text.ts"
import { ROUTE_MS } from "./directory.ts"
import { KEYS, LUA_KEYS } from "./keys.ts"
import { type RedisLink, script } from "./link.ts"

/** ARGV relay routeMs, then device and fence of each. Gives those that another login owns, with its fence. */
const RENEW = script(`${LUA_KEYS}
local lost = {}
for i = 3, #ARGV, 2 do
  local key, own = routeKey(ARGV[i]), ARGV[1] .. '/' .. ARGV[i + 1]
  local route = redis.call('GET', key)
  if not route or route == own then redis.call('SET', key, own, 'PX', ARGV[2])
  else
    local fence = string.match(route, '/(%d+)$')
    if tonumber(fence) > tonumber(ARGV[i + 1]) then
      table.insert(lost, ARGV[i])
      table.insert(lost, tonumber(fence))
    end
  end
end
return lost
`)

/** ARGV relay device fence */
const LEAVE = script(`${LUA_KEYS}
if redis.call('GET', routeKey(ARGV[2])) == ARGV[1] .. '/' .. ARGV[3] then redis.call('DEL', routeKey(ARGV[2])) end
`)

/** ARGV relay device message */
const TELL = script(`${LUA_KEYS}
local route = redis.call('GET', routeKey(ARGV[2]))
local relay = route and string.match(route, '^[^/]+')
if relay and relay ~= ARGV[1] then redis.call('PUBLISH', channel(relay), ARGV[3]) end
`)

/**
 * Token buckets as in \`limit/bucket.ts\`, all of them or none; gives the longest wait in ms.
 * ARGV now, then name, size, per second and cost of each.
 */
const SPEND = script(`${LUA_KEYS}
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local wait, left = 0, {}
for i = 2, #ARGV, 4 do
  local size, rate, cost = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local bucket = redis.call('HMGET', bucketKey(ARGV[i]), 'tokens', 'at')
  local elapsed = math.max(0, now - (tonumber(bucket[2]) or now))
  local tokens = math.min(size, (tonumber(bucket[1]) or size) + elapsed * rate / 1000)
  if tokens + 0.001 < cost then wait = math.max(wait, math.ceil((cost - tokens) * 1000 / rate)) end
  left[i] = math.max(0, tokens - cost)
end
if wait > 0 then return wait end
for i = 2, #ARGV, 4 do
  redis.call('HSET', bucketKey(ARGV[i]), 'tokens', tostring(left[i]), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', bucketKey(ARGV[i]), math.ceil(ARGV[i + 1] / ARGV[i + 2] * 1000) + 1000)
end
return 0
`)

/** Routes renewed by one script: Redis serves others in between. */
const ROUTES_AT_ONCE = 200

const LINE_END = 10
const encode = (news: News): Buffer => {
  const { about, device } = news
  if (about === "mail") return Buffer.from(`${about} ${device}\n`)
  if (about === "replaced") return Buffer.from(`${about} ${device} ${news.fence}\n`)
  if (about === "revoked") return Buffer.from(`${about} ${device} ${news.account}\n`)
  if (about === "stock") {
    const { oneTimeLeft, kemLeft, lastResortUses } = news.stock
    return Buffer.from(`${about} ${device} ${news.account} ${oneTimeLeft} ${kemLeft} ${lastResortUses}\n`)
  }
  const head = `${about} ${device} ${news.account} ${toText(news.fromAccountId)} ${toText(news.fromDeviceId)}\n`
  return Buffer.concat([Buffer.from(head), news.body])
}

const fromHex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "hex"))

/** Undefined: nothing this version knows. */
const decode = (message: Buffer): News | undefined => {
  const end = message.indexOf(LINE_END)
  const head = end === -1 ? message : message.subarray(0, end)
  const [about, device = "", second = "", ...rest] = head.toString().split(" ")
  if (about === "mail") return { about, device }
  if (about === "replaced") return { about, device, fence: Number(second) }
  if (about === "revoked") return { about, device, account: second }
  if (about === "stock") {
    const [oneTimeLeft = 0, kemLeft = 0, lastResortUses = 0] = rest.map(Number)
    return { about, device, account: second, stock: { oneTimeLeft, kemLeft, lastResortUses } }
  }
  if (about !== "signal") return undefined
  const [fromAccountId = "", fromDeviceId = ""] = rest
  const body = new Uint8Array(message.subarray(end + 1))
  const from = { fromAccountId: fromHex(fromAccountId), fromDeviceId: fromHex(fromDeviceId) }
  return { about, device, account: second, ...from, body }
}

export interface RedisNeighboursOptions {
  readonly relay: string
  readonly limits: Limits
  /** Clock of a test; without it Redis' own. */
  readonly nowMs?: (() => number) | undefined
}

export const redisNeighbours = (link: RedisLink, options: RedisNeighboursOptions): Neighbours => {
  const { relay, limits, nowMs } = options
  let listener: (news: News) => void = () => undefined
  link.subscribe(KEYS.channel(relay), (message) => {
    const news = decode(message)
    if (news !== undefined) listener(news)
  })
  return {
    listen: (hear) => {
      listener = hear
    },
    renew: async (routes) => {
      for (let from = 0; from < routes.length; from += ROUTES_AT_ONCE) {
        const some = routes.slice(from, from + ROUTES_AT_ONCE)
        const given = some.flatMap(({ device, fence }) => [device, fence])
        const lost = await link.call<readonly (Buffer | number)[]>(RENEW, [], [relay, ROUTE_MS, ...given])
        for (let i = 0; i < lost.length; i += 2)
          listener({ about: "replaced", device: String(lost[i]), fence: Number(lost[i + 1]) })
      }
    },
    leave: async ({ device, fence }) => {
      await link.call(LEAVE, [], [relay, device, fence])
    },
    tell: async (news) => {
      await link.call(TELL, [], [relay, news.device, encode(news)])
    },
    spend: (spendings) => {
      const given = spendings.flatMap(({ bucket, owner, cost }) => {
        const { size, perSecond } = limits.buckets[bucket]
        return [`${bucket}:${owner}`, size, perSecond, cost]
      })
      return link.call<number>(SPEND, [], [nowMs?.() ?? "", ...given])
    },
  }
}
