/** The directory in memory: gone with the process. Clients publish again when they connect. */
import type { Bytes, Prekey } from "@securechat/core/wire"
import { type Memory, changeOf } from "./change.ts"
import {
  type ClaimedKeys,
  type Directory,
  type DirectoryLimits,
  type Entered,
  type HandleClaim,
  type KnownDevice,
  LISTS_AT_ONCE,
  type ListRecord,
  type Publication,
  type Published,
  type Stock,
} from "./directory.ts"

interface Device {
  certificate: Bytes
  signedPrekey: Prekey
  lastResortKem: Prekey
  oneTime: Prekey[]
  oneTimeKem: Prekey[]
  lastResortUses: number
  memory: Memory
}
interface Account {
  readonly lists: ListRecord[]
  /** Devices of the newest list. */
  listed: readonly string[]
  revoked: readonly string[]
  readonly devices: Map<string, Device>
  seenAtMs: number
}

const stockOf = ({ oneTime, oneTimeKem, lastResortUses }: Device): Stock => ({
  oneTimeLeft: oneTime.length,
  kemLeft: oneTimeKem.length,
  lastResortUses,
})
const dropExpired = (device: Device, nowMs: number): void => {
  device.oneTime = device.oneTime.filter((key) => key.notAfterMs > nowMs)
  device.oneTimeKem = device.oneTimeKem.filter((key) => key.notAfterMs > nowMs)
}

class MemoryDirectory implements Directory {
  readonly keepsHandles: boolean
  readonly #limits: DirectoryLimits
  readonly #accounts = new Map<string, Account>()
  readonly #handles = new Map<string, HandleClaim>()
  readonly #held = new Map<string, Set<string>>()
  readonly #bindings = new Map<string, string>()

  constructor(limits: DirectoryLimits, keepsHandles: boolean) {
    this.#limits = limits
    this.keepsHandles = keepsHandles
  }

  find: (account: string, device: string) => KnownDevice = (account, device) => {
    const record = this.#accounts.get(account)
    const known = record?.devices.get(device)
    return {
      certificate: known?.certificate,
      revoked: record?.revoked.includes(device) ?? false,
      oneTimeLeft: known?.oneTime.length ?? 0,
      kemLeft: known?.oneTimeKem.length ?? 0,
      handle: this.#held.get(account)?.values().next().value,
    }
  }

  enter: Directory["enter"] = ({ account, device, handle }, nowMs): Entered => {
    const record = this.#accounts.get(account)
    const revoked = record?.revoked.includes(device) ?? false
    if (record !== undefined && !revoked) record.seenAtMs = nowMs
    return { revoked, bound: revoked || handle === undefined || this.bind(handle, account), fence: 0 }
  }

  bind: (handle: string, account: string) => boolean = (handle, account) => {
    const holder = this.#bindings.get(handle) ?? account
    this.#bindings.set(handle, holder)
    return holder === account
  }

  publish: Directory["publish"] = (publication) => {
    const { account, device, nowMs } = publication
    const before = this.#accounts.get(account)
    const known = before?.devices.get(device)
    if (known !== undefined) dropExpired(known, nowMs)
    const newest = before?.lists.at(-1)
    const standing = {
      chain: newest === undefined ? undefined : { newest, length: before?.lists.length ?? 0 },
      revoked: before?.revoked ?? [],
      device: known === undefined ? undefined : { ...known.memory, ...stockOf(known) },
      accounts: this.#accounts.size,
    }
    const change = changeOf(standing, publication, this.#limits)
    if (typeof change === "string") return change
    const record: Account = before ?? {
      lists: [],
      listed: [],
      revoked: [],
      devices: new Map(),
      seenAtMs: nowMs,
    }
    this.#accounts.set(account, record)
    if (change.extends) record.lists.push(publication.list)
    record.listed = publication.listed
    record.revoked = publication.revoked
    record.seenAtMs = nowMs
    return this.#take(record, publication, change)
  }

  lists: Directory["lists"] = (account, knownVersion) => {
    const record = this.#accounts.get(account)
    if (record === undefined) return undefined
    const newer = record.lists.filter((list) => list.version > knownVersion)
    const known = record.listed.map((device) => record.devices.get(device)?.certificate)
    return {
      lists: newer.slice(0, LISTS_AT_ONCE).map(({ bytes }) => bytes),
      certificates: newer.length === 0 ? [] : known.filter((certificate) => certificate !== undefined),
    }
  }

  claim: Directory["claim"] = (account, devices, nowMs) => {
    const record = this.#accounts.get(account)
    const list = record?.lists.at(-1)?.bytes
    const known = devices.map((device) => record?.devices.get(device)).filter((one) => one !== undefined)
    if (list === undefined || known.length < devices.length) return undefined
    return known.map((device) => this.#claimOne(device, list, nowMs))
  }

  told: Directory["told"] = (account, device) => {
    const record = this.#accounts.get(account)?.devices.get(device)
    if (record !== undefined) record.lastResortUses = 0
  }

  setHandle: Directory["setHandle"] = (claim) => {
    const { handle, account, version } = claim
    const bound = this.#bindings.get(handle)
    if (bound !== undefined && bound !== account) return "refused"
    const entry = this.#handles.get(handle)
    if (entry !== undefined && (entry.account !== account || version < entry.version)) return "refused"
    const held = this.#held.get(account) ?? new Set()
    if (entry === undefined) {
      const { handlesPerAccount, accounts } = this.#limits
      if (held.size >= handlesPerAccount || this.#handles.size >= accounts * handlesPerAccount) return "full"
    }
    this.#handles.set(handle, claim)
    this.#held.set(account, held.add(handle))
    return "set"
  }

  handle: Directory["handle"] = (handle) => this.#handles.get(handle)?.record

  freeHandles: Directory["freeHandles"] = (account) => {
    if (this.keepsHandles) return
    for (const handle of this.#held.get(account) ?? []) this.#handles.delete(handle)
    this.#held.delete(account)
  }

  seen: Directory["seen"] = (accounts, nowMs) => {
    for (const account of accounts) {
      const record = this.#accounts.get(account)
      if (record !== undefined) record.seenAtMs = nowMs
    }
  }

  forget: Directory["forget"] = (beforeMs) => {
    for (const [name, account] of this.#accounts)
      if (account.seenAtMs < beforeMs && !this.#held.has(name)) this.#accounts.delete(name)
  }

  check: Directory["check"] = () => undefined
  close: Directory["close"] = () => undefined

  #take(
    record: Account,
    publication: Publication,
    change: Exclude<ReturnType<typeof changeOf>, string>,
  ): Published {
    const { device, certificate, set, revoked } = publication
    const known = record.devices.get(device)
    let after = known
    if (change.keys !== undefined) {
      const { oneTime, oneTimeKem, memory } = change.keys
      after = {
        certificate,
        signedPrekey: set.signedPrekey,
        lastResortKem: set.lastResortKem,
        oneTime: [...(known?.oneTime ?? []), ...oneTime],
        oneTimeKem: [...(known?.oneTimeKem ?? []), ...oneTimeKem],
        lastResortUses: known?.lastResortUses ?? 0,
        memory,
      }
      record.devices.set(device, after)
    }
    const dropped = change.revoked.filter((one) => record.devices.has(one))
    for (const one of revoked) record.devices.delete(one)
    const stock = after === undefined ? { oneTimeLeft: 0, kemLeft: 0, lastResortUses: 0 } : stockOf(after)
    return { stock, revoked: change.revoked, dropped }
  }

  #claimOne(device: Device, list: Bytes, nowMs: number): ClaimedKeys | "none" {
    dropExpired(device, nowMs)
    const { certificate, signedPrekey, lastResortKem } = device
    const lastResort = device.oneTimeKem.length === 0
    if (signedPrekey.notAfterMs <= nowMs || (lastResort && lastResortKem.notAfterMs <= nowMs)) return "none"
    const kem = device.oneTimeKem.shift() ?? lastResortKem
    const oneTime = device.oneTime.shift()?.bytes
    if (lastResort) device.lastResortUses += 1
    const bytes = { certificate, list, signedPrekey: signedPrekey.bytes, oneTime, kem: kem.bytes }
    return { ...bytes, lastResort, stock: stockOf(device) }
  }
}

/** @param keepsHandles true where the mailboxes outlive a holder's leave. */
export const memoryDirectory = (limits: DirectoryLimits, keepsHandles = false): Directory =>
  new MemoryDirectory(limits, keepsHandles)
