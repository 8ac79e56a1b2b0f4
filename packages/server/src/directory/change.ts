/**
 * What a publication changes, from what is on record: pure, and the same for every driver, which carries
 * it out in one atomic step. relay.md §6
 */
import { sha256 } from "@securechat/core/primitives"
import type { Prekey, PrekeyKind } from "@securechat/core/wire"
import { toText } from "../relay/text.ts"
import type { DirectoryLimits, ListRecord, Publication } from "./directory.ts"

/** A key id that was seen once stays taken, also after its key was handed out. */
interface SeenKey {
  /** Kind and id. */
  readonly name: string
  readonly body: string
  readonly notAfterMs: number
}
/** What is remembered of a device besides its keys. */
export interface Memory {
  readonly publications: readonly string[]
  readonly seen: readonly SeenKey[]
}
export interface Standing {
  /** The newest list and how many there are; undefined: the account is unknown. */
  readonly chain:
    { readonly newest: Pick<ListRecord, "version" | "hash">; readonly length: number } | undefined
  readonly revoked: readonly string[]
  /** Undefined: the device has published nothing yet. */
  readonly device: (Memory & { readonly oneTimeLeft: number; readonly kemLeft: number }) | undefined
  /** Accounts on record. */
  readonly accounts: number
}
export interface Change {
  /** The list comes on top of the chain; false: it is the newest already. */
  readonly extends: boolean
  /** Undefined: the keys of this publication were taken before. */
  readonly keys:
    | { readonly oneTime: readonly Prekey[]; readonly oneTimeKem: readonly Prekey[]; readonly memory: Memory }
    | undefined
  /** Devices that this list is the first to revoke. */
  readonly revoked: readonly string[]
}

const nameOf = (prekey: Prekey): string => `${prekey.kind}:${prekey.keyId}`
const seenKey = (prekey: Prekey): SeenKey => ({
  name: nameOf(prekey),
  body: toText(sha256(prekey.body).subarray(0, 16)),
  notAfterMs: prekey.notAfterMs,
})

/** Is it the newest list, or the one that follows it? */
const continues = (
  chain: Standing["chain"],
  { list, previousHash }: Publication,
): "same" | "next" | undefined => {
  // A relay that has kept nothing meets a chain in the middle: the client checks it, and pins it.
  if (chain === undefined) return "next"
  const { newest } = chain
  if (newest.hash === list.hash) return "same"
  return list.version === newest.version + 1 && previousHash === newest.hash ? "next" : undefined
}

/** A key met before is not added again, since it may have been handed out. */
const keysOf = (
  device: Standing["device"],
  { id, set, nowMs }: Publication,
  limits: DirectoryLimits,
): Change["keys"] | "conflict" | "full" => {
  if (device?.publications.includes(id) === true) return undefined
  const known = new Map((device?.seen ?? []).map((key) => [key.name, key.body]))
  const offered = [set.signedPrekey, set.lastResortKem, ...set.oneTime, ...set.oneTimeKem]
  const keys = offered.map(seenKey)
  const fresh = new Map(keys.map((key) => [key.name, key]))
  // Twice in one publication under two keys is the same conflict (matrix-rust-sdk#1415).
  if (keys.some((key) => (known.get(key.name) ?? fresh.get(key.name)?.body) !== key.body)) return "conflict"
  const isNew = (prekey: Prekey): boolean => !known.has(nameOf(prekey)) && prekey.notAfterMs > nowMs
  const unique = new Map(offered.filter(isNew).map((prekey) => [nameOf(prekey), prekey]))
  const added = (kind: PrekeyKind): readonly Prekey[] =>
    [...unique.values()].filter((prekey) => prekey.kind === kind)
  const [oneTime, oneTimeKem] = [added("opk"), added("pqopk")]
  if ((device?.oneTimeLeft ?? 0) + oneTime.length > limits.oneTimeStock) return "full"
  if ((device?.kemLeft ?? 0) + oneTimeKem.length > limits.oneTimeKemStock) return "full"
  const remembered = [...(device?.seen ?? []), ...keys.filter((key) => !known.has(key.name))]
  const memory = {
    publications: [...(device?.publications ?? []), id].slice(-limits.publications),
    seen: remembered.filter((key) => key.notAfterMs > nowMs).slice(-limits.keyIds),
  }
  return { oneTime, oneTimeKem, memory }
}

export const changeOf = (
  standing: Standing,
  publication: Publication,
  limits: DirectoryLimits,
): Change | "refused" | "full" => {
  const { chain, device } = standing
  if (chain === undefined && standing.accounts >= limits.accounts) return "full"
  const step = continues(chain, publication)
  if (step === undefined) return "refused"
  if (step === "next" && (chain?.length ?? 0) >= limits.listVersions) return "full"
  const keys = keysOf(device, publication, limits)
  if (keys === "conflict") return "refused"
  if (keys === "full") return "full"
  const revoked = publication.revoked.filter((one) => !standing.revoked.includes(one))
  return { extends: step === "next", keys, revoked }
}
