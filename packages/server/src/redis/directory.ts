/** The directory in Redis, one for several relays. Every step is a script. relay.md §6, §10 */
import { SecureChatError } from "@securechat/core/errors"
import type { Bytes, Prekey } from "@securechat/core/wire"
import { type Change, type Memory, type Standing, changeOf } from "../directory/change.ts"
import {
  type ClaimedKeys,
  type Directory,
  type DirectoryLimits,
  LISTS_AT_ONCE,
  type Publication,
  type Published,
} from "../directory/directory.ts"
import {
  BIND,
  CLAIM,
  ENTER,
  FIND,
  FORGET,
  LISTS,
  PUBLISH,
  SET_HANDLE,
  STANDING,
} from "./directory-scripts.ts"
import { KEYS } from "./keys.ts"
import type { Argument, RedisLink, Script } from "./link.ts"

export interface RedisDirectoryOptions {
  readonly limits: DirectoryLimits
  /** Name of this relay, for the routes. */
  readonly relay: string
  /** Be ready on a Redis that forgets. */
  readonly allowVolatile: boolean
}

/** How long a route is good without being renewed. */
export const ROUTE_MS = 60_000
/** Publications of one account at the same moment, over all relays, before one is told to come again. */
const TRIES = 8
const DAY_MS = 86_400_000

type Text = Buffer | null
type StandingReply = readonly [
  fields: readonly [rev: Text, version: Text, hash: Text, length: Text, revoked: Text, memory: Text],
  oneTimeLeft: number,
  kemLeft: number,
  accounts: number,
]
type BundleReply =
  | readonly []
  | readonly [
      certificate: Buffer,
      list: Buffer,
      signed: Buffer,
      oneTime: Text,
      kem: Buffer,
      lastResort: number,
      oneTimeLeft: number,
      kemLeft: number,
      uses: number,
    ]

/** Bytes of their own: what Redis sent is a part of something larger. */
const own = (bytes: Buffer): Bytes => new Uint8Array(bytes)
const parsed = <T>(json: Text, otherwise: T): T =>
  json === null ? otherwise : (JSON.parse(json.toString()) as T)
const entryOf = ({ notAfterMs, bytes }: Prekey): Uint8Array =>
  Buffer.concat([Buffer.from(`${notAfterMs}:`), bytes])

const standingOf = ([fields, oneTimeLeft, kemLeft, accounts]: StandingReply): Standing => {
  const [, version, hash, length, revoked, memory] = fields
  return {
    chain:
      version === null || hash === null
        ? undefined
        : { newest: { version: Number(version), hash: hash.toString() }, length: Number(length) },
    revoked: parsed<readonly string[]>(revoked, []),
    device: memory === null ? undefined : { ...parsed(memory, {} as Memory), oneTimeLeft, kemLeft },
    accounts,
  }
}

const keysOf = (bundle: BundleReply): ClaimedKeys | "none" => {
  if (bundle.length === 0) return "none"
  const [certificate, list, signed, oneTime, kem, lastResort, oneTimeLeft, kemLeft, lastResortUses] = bundle
  return {
    certificate: own(certificate),
    list: own(list),
    signedPrekey: own(signed),
    oneTime: oneTime === null ? undefined : own(oneTime),
    kem: own(kem),
    lastResort: lastResort === 1,
    stock: { oneTimeLeft, kemLeft, lastResortUses },
  }
}

/** What `PUBLISH` takes, in its order. */
const publishArguments = (publication: Publication, change: Change, rev: string): readonly Argument[] => {
  const { account, device, certificate, list, listed, revoked, set, nowMs } = publication
  const { signedPrekey: signed, lastResortKem: resort } = set
  const { keys } = change
  const counted = (items: readonly Argument[]): readonly Argument[] => [items.length, ...items]
  return [
    ...[account, device, rev, nowMs, JSON.stringify(listed), JSON.stringify(revoked)],
    ...[change.extends ? list.bytes : "", list.version, list.hash],
    ...[keys === undefined ? 0 : 1, certificate, signed.bytes, signed.notAfterMs, resort.bytes],
    ...[resort.notAfterMs, JSON.stringify(keys?.memory ?? null)],
    ...counted((keys?.oneTime ?? []).map(entryOf)),
    ...counted((keys?.oneTimeKem ?? []).map(entryOf)),
    ...counted(change.revoked),
  ]
}

class RedisDirectory implements Directory {
  readonly keepsHandles = true
  readonly #link: RedisLink
  readonly #options: RedisDirectoryOptions

  constructor(link: RedisLink, options: RedisDirectoryOptions) {
    this.#link = link
    this.#options = options
  }

  find: Directory["find"] = async (account, device) => {
    type Found = readonly [Text, number, number, number, readonly Buffer[]]
    const [certificate, revoked, oneTimeLeft, kemLeft, handles] = await this.#call<Found>(
      FIND,
      account,
      device,
    )
    return {
      certificate: certificate === null ? undefined : own(certificate),
      revoked: revoked === 1,
      oneTimeLeft,
      kemLeft,
      handle: handles.map(String).sort()[0],
    }
  }

  enter: Directory["enter"] = async ({ account, device, handle }, nowMs) => {
    const { relay } = this.#options
    type Reply = readonly [number, number, number]
    const given = [account, device, handle ?? "", nowMs, relay, ROUTE_MS]
    const [revoked, bound, fence] = await this.#call<Reply>(ENTER, ...given)
    return { revoked: revoked === 1, bound: bound === 1, fence }
  }

  bind: Directory["bind"] = async (handle, account) => (await this.#call<number>(BIND, handle, account)) === 1

  publish: Directory["publish"] = async (publication) => {
    const { account, device, nowMs } = publication
    for (let tries = 0; tries < TRIES; tries++) {
      const reply = await this.#call<StandingReply>(STANDING, account, device, nowMs)
      const change = changeOf(standingOf(reply), publication, this.#options.limits)
      if (typeof change === "string") return change
      const taken = await this.#take(publication, change, reply[0][0]?.toString() ?? "")
      if (taken !== undefined) return taken
    }
    throw new SecureChatError("ERR_STORE_UNAVAILABLE", "others publish for this account all the time")
  }

  lists: Directory["lists"] = async (account, knownVersion) => {
    type Reply = readonly [readonly Buffer[], readonly Buffer[]] | null
    const reply = await this.#call<Reply>(LISTS, account, knownVersion, LISTS_AT_ONCE)
    return reply === null ? undefined : { lists: reply[0].map(own), certificates: reply[1].map(own) }
  }

  claim: Directory["claim"] = async (account, devices, nowMs) =>
    (await this.#call<readonly BundleReply[] | null>(CLAIM, account, nowMs, ...devices))?.map(keysOf)

  told: Directory["told"] = async (account, device) => {
    await this.#link.command("HSET", KEYS.account(account), `u:${device}`, 0)
  }

  setHandle: Directory["setHandle"] = async ({ handle, account, version, record }) => {
    const { handlesPerAccount, accounts } = this.#options.limits
    const caps = [handlesPerAccount, accounts * handlesPerAccount]
    const reply = await this.#call<Buffer>(SET_HANDLE, handle, account, version, record, ...caps)
    return reply.toString() as "set" | "refused" | "full"
  }

  handle: Directory["handle"] = async (handle) => {
    const record = await this.#link.command<Text>("HGET", KEYS.handle(handle), "record")
    return record === null ? undefined : own(record)
  }

  freeHandles: Directory["freeHandles"] = () => undefined

  seen: Directory["seen"] = async (accounts, nowMs) => {
    if (accounts.length === 0) return
    await this.#link.command("ZADD", KEYS.accounts, "XX", ...accounts.flatMap((account) => [nowMs, account]))
  }

  forget: Directory["forget"] = async (beforeMs) => {
    await this.#call(FORGET, beforeMs, beforeMs + DAY_MS)
  }

  /** AOF off loses all with the process, eviction deletes mailboxes while it runs. */
  check: Directory["check"] = async () => {
    const info = (await this.#link.command<Buffer>("INFO")).toString()
    if (this.#options.allowVolatile) return
    if (!/^aof_enabled:1\r?$/m.test(info) || !/^maxmemory_policy:noeviction\r?$/m.test(info))
      throw new SecureChatError(
        "ERR_CONFIG_INVALID",
        "Redis would forget: appendonly is off or eviction on",
        {
          hint: "Set `appendonly yes` and `maxmemory-policy noeviction`, or allowVolatile.",
        },
      )
  }

  /** The link is closed by the mailboxes. */
  close: Directory["close"] = () => undefined

  #call<T>(lua: Script, ...args: readonly Argument[]): Promise<T> {
    return this.#link.call<T>(lua, [], args)
  }

  async #take(publication: Publication, change: Change, rev: string): Promise<Published | undefined> {
    type Reply = readonly [number, number, number, readonly Buffer[]] | null
    const reply = await this.#call<Reply>(PUBLISH, ...publishArguments(publication, change, rev))
    if (reply === null) return undefined
    const [oneTimeLeft, kemLeft, lastResortUses, dropped] = reply
    const stock = { oneTimeLeft, kemLeft, lastResortUses }
    return { stock, revoked: change.revoked, dropped: dropped.map(String) }
  }
}

/** A driver over the link of the mailboxes, which close it. */
export const redisDirectory = (link: RedisLink, options: RedisDirectoryOptions): Directory =>
  new RedisDirectory(link, options)
