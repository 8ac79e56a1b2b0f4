/**
 * Public prekeys of one device as pure functions: what a publication adds, what a claim takes. A
 * one-time key leaves the record in the step that reads it; a lost answer burns it, which is the right
 * way to fail. relay.md §6
 */
import { checkPrekey, checkPrekeyDates } from "@securechat/core/identity"
import { sha256 } from "@securechat/core/primitives"
import {
  type Bytes,
  type DeviceCertificate,
  type FrameOf,
  type Prekey,
  type PrekeyKind,
  prekeyCodec,
} from "@securechat/core/wire"
import { SecureChatError } from "@securechat/core/errors"
import type { Limits } from "../limit/limits.ts"
import type { DeviceRecord, SeenKey, StoredPrekey } from "../relay/state.ts"
import { toText } from "../relay/text.ts"

export interface CheckedSet {
  readonly signedPrekey: Prekey
  readonly lastResortKem: Prekey
  readonly oneTime: readonly Prekey[]
  readonly oneTimeKem: readonly Prekey[]
}

const checked = (bytes: Bytes, kind: PrekeyKind, certificate: DeviceCertificate): Prekey => {
  const prekey = prekeyCodec.decode(bytes)
  if (prekey.kind !== kind || prekey.binding !== undefined)
    throw new SecureChatError("ERR_DECODE", `a ${kind} of another kind, or made for a live session`)
  checkPrekey(prekey, certificate)
  return prekey
}

/**
 * Form, kind, owner and signature of a whole publication: this keeps rubbish out, and no client relies on it.
 * @throws ERR_DECODE, ERR_HANDSHAKE_FAILED
 */
export const checkSet = (
  frame: FrameOf<"publish">,
  certificate: DeviceCertificate,
  nowMs: number,
): CheckedSet => {
  const signedPrekey = checked(frame.signedPrekey, "spk", certificate)
  const lastResortKem = checked(frame.lastResortKem, "pqspk", certificate)
  checkPrekeyDates(signedPrekey, nowMs)
  checkPrekeyDates(lastResortKem, nowMs)
  return {
    signedPrekey,
    lastResortKem,
    oneTime: frame.oneTime.map((bytes) => checked(bytes, "opk", certificate)),
    oneTimeKem: frame.oneTimeKem.map((bytes) => checked(bytes, "pqopk", certificate)),
  }
}

const stored = ({ keyId, notAfterMs, bytes }: Prekey): StoredPrekey => ({ keyId, notAfterMs, bytes })
const nameOf = (prekey: Prekey): string => `${prekey.kind}:${prekey.keyId}`
const seenKey = (prekey: Prekey): SeenKey => ({
  name: nameOf(prekey),
  body: toText(sha256(prekey.body).subarray(0, 16)),
  notAfterMs: prekey.notAfterMs,
})
const live = (prekeys: readonly StoredPrekey[], nowMs: number): readonly StoredPrekey[] =>
  prekeys.filter((prekey) => prekey.notAfterMs > nowMs)

export interface Publication {
  readonly id: string
  readonly certificate: Bytes
  readonly set: CheckedSet
  readonly nowMs: number
}

const firstRecord = ({ certificate, set }: Publication): DeviceRecord => ({
  certificate,
  signedPrekey: stored(set.signedPrekey),
  lastResortKem: stored(set.lastResortKem),
  oneTime: [],
  oneTimeKem: [],
  lastResortUses: 0,
  publications: [],
  seen: [],
})

/**
 * The record with this publication in it. The same publication again changes nothing; a key met before is
 * not added again, since it may have been handed out.
 *
 * @returns "conflict" when a key id comes back with another key (matrix-rust-sdk#1415), "full" over the stock limits.
 */
export const mergeSet = (
  record: DeviceRecord | undefined,
  publication: Publication,
  limits: Limits,
): DeviceRecord | "conflict" | "full" => {
  const { id, set, nowMs, certificate } = publication
  const before = record ?? firstRecord(publication)
  if (before.publications.includes(id)) return before
  const known = new Map(before.seen.map((key) => [key.name, key.body]))
  const offered = [set.signedPrekey, set.lastResortKem, ...set.oneTime, ...set.oneTimeKem]
  const keys = offered.map(seenKey)
  const fresh = new Map(keys.map((key) => [key.name, key]))
  // Twice in one publication under two keys is the same conflict.
  if (keys.some((key) => (known.get(key.name) ?? fresh.get(key.name)?.body) !== key.body)) return "conflict"
  const isNew = (prekey: Prekey): boolean => !known.has(nameOf(prekey)) && prekey.notAfterMs > nowMs
  const unique = new Map(offered.filter(isNew).map((prekey) => [nameOf(prekey), prekey]))
  const added = (kind: PrekeyKind): readonly StoredPrekey[] =>
    [...unique.values()].filter((prekey) => prekey.kind === kind).map(stored)
  const oneTime = [...live(before.oneTime, nowMs), ...added("opk")]
  const oneTimeKem = [...live(before.oneTimeKem, nowMs), ...added("pqopk")]
  if (oneTime.length > limits.oneTimeStock || oneTimeKem.length > limits.oneTimeKemStock) return "full"
  const remembered = [...before.seen, ...keys.filter((key) => !known.has(key.name))]
  return {
    certificate,
    signedPrekey: stored(set.signedPrekey),
    lastResortKem: stored(set.lastResortKem),
    oneTime,
    oneTimeKem,
    lastResortUses: before.lastResortUses,
    publications: [...before.publications, id].slice(-limits.publications),
    seen: remembered.filter((key) => key.notAfterMs > nowMs).slice(-limits.keyIds),
  }
}

export interface Taken {
  readonly signedPrekey: Bytes
  readonly oneTime: Bytes | undefined
  readonly kem: Bytes
  readonly lastResort: boolean
}

/** Keys for one bundle, and the record without them; undefined when the signed keys have expired. */
export const takeKeys = (record: DeviceRecord, nowMs: number): readonly [DeviceRecord, Taken | undefined] => {
  const [oneTime, ...oneTimeLeft] = live(record.oneTime, nowMs)
  const [kem, ...kemLeft] = live(record.oneTimeKem, nowMs)
  const signed = record.signedPrekey.notAfterMs > nowMs
  if (!signed || (kem === undefined && record.lastResortKem.notAfterMs <= nowMs)) return [record, undefined]
  const lastResort = kem === undefined
  const next: DeviceRecord = {
    ...record,
    oneTime: oneTimeLeft,
    oneTimeKem: kemLeft,
    lastResortUses: record.lastResortUses + (lastResort ? 1 : 0),
  }
  return [
    next,
    {
      signedPrekey: record.signedPrekey.bytes,
      oneTime: oneTime?.bytes,
      kem: kem?.bytes ?? record.lastResortKem.bytes,
      lastResort,
    },
  ]
}
