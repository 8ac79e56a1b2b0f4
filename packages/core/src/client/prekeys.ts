/**
 * One's own prekeys: made and stored before they are published, found for first messages, spent with
 * them, rotated and forgotten. protocol.md §3, §4.3
 */
import { toHex } from "../bytes/text.ts"
import { type Codec, codec, fixedBytes, listOf, struct, u32 } from "../bytes/codec.ts"
import { secret } from "../bytes/secret.ts"
import type { Bytes, Deps } from "../deps.ts"
import { firstMessageHash, type ResponderKeys } from "../handshake/responder.ts"
import type { Identity } from "../identity/keys.ts"
import { type OwnPrekey, generatePrekey } from "../identity/prekeys.ts"
import {
  MAX_FIRST_MESSAGE_HASHES,
  ONE_TIME_BATCH,
  ONE_TIME_KEM_BATCH,
  ONE_TIME_KEM_LOW_WATER,
  ONE_TIME_LOW_WATER,
  PREKEY_PRIVATE_GRACE_MS,
  SIGNED_PREKEY_ROTATE_MS,
} from "../limits.ts"
import type { Batch } from "../runtime/commit.ts"
import type { Store } from "../store/store.ts"
import type { FrameBodies } from "../wire/frame-types.ts"
import type { HandshakeBlock } from "../wire/handshake.ts"
import { type PrekeyKind, prekeyLayout } from "../wire/prekey.ts"
import { at, orCorrupt } from "./records.ts"

/** One-time private keys kept at most: a relay that keeps losing its memory asks for new ones each time. */
const MAX_KEPT: Readonly<Record<"opk" | "pqopk", number>> = {
  opk: 10 * ONE_TIME_BATCH,
  pqopk: 10 * ONE_TIME_KEM_BATCH,
}

export const ownPrekeyCodec: Codec<OwnPrekey> = /* @__PURE__ */ codec<OwnPrekey>({
  write: (out, value) => {
    prekeyLayout.write(out, value.statement)
    out.prefixed(8, value.secret.expose())
  },
  read: (input) => ({ statement: prekeyLayout.read(input), secret: secret(input.prefixed(8, 64)) }),
})

/** A set on its way to the relay: uploaded again, unchanged, until an answer came (element-x-ios#4371). */
export interface Publication {
  readonly id: Bytes
  readonly oneTime: readonly number[]
  readonly oneTimeKem: readonly number[]
}
const keyIds = /* @__PURE__ */ listOf(8, 255, u32)
export const publicationCodec: Codec<Publication> = /* @__PURE__ */ codec(
  struct<Publication>({ id: fixedBytes(16), oneTime: keyIds, oneTimeKem: keyIds }),
)

const keyName = (kind: PrekeyKind, keyId: number): string => `${kind}:${keyId}`

export interface Stock {
  readonly oneTimeLeft: number
  readonly kemLeft: number
}

export class Prekeys {
  readonly #keys = new Map<string, OwnPrekey>()
  /** Of each signed prekey, the first messages that used it. */
  readonly #firstMessages = new Map<number, Set<string>>()
  #publication: Publication | undefined

  forgetAll(): void {
    this.#keys.clear()
    this.#firstMessages.clear()
  }
  async load(store: Store): Promise<void> {
    this.forgetAll()
    for await (const [, bytes] of store.list(at.prekeys))
      this.#add(orCorrupt("a prekey", () => ownPrekeyCodec.decode(bytes)))
    for await (const [path] of store.list(at.firstMessages)) this.#hashes(Number(path[1])).add(path[2] ?? "")
    const publication = await store.get(at.publication)
    this.#publication =
      publication === undefined
        ? undefined
        : orCorrupt("a publication", () => publicationCodec.decode(publication))
  }

  /** The private keys a block names; undefined where one is unknown or spent. */
  find(block: HandshakeBlock): ResponderKeys | undefined {
    const spk = this.#keys.get(keyName("spk", block.spkId))
    const pq = this.#keys.get(keyName(block.oneTimeKem ? "pqopk" : "pqspk", block.pqId))
    const opk = block.opkId === 0 ? undefined : this.#keys.get(keyName("opk", block.opkId))
    if (spk === undefined || pq === undefined || (block.opkId !== 0 && opk === undefined)) return undefined
    const full = this.#hashes(block.spkId).size >= MAX_FIRST_MESSAGE_HASHES
    // Past the bound only first messages whose replay fails by itself.
    return full && opk === undefined && !block.oneTimeKem ? undefined : { spk, opk, pq }
  }

  replayed(block: HandshakeBlock): boolean {
    return this.#hashes(block.spkId).has(toHex(firstMessageHash(block)))
  }

  /** Into the batch of the first message; `spent` once that batch resolved. */
  spend(spent: SpentPrekeys, batch: Batch): void {
    if (spent.opkId !== 0) batch.delete(at.prekey("opk", spent.opkId))
    if (spent.pqId !== 0) batch.delete(at.prekey("pqopk", spent.pqId))
    batch.set(at.firstMessage(spent.spkId, toHex(spent.firstMessageHash)), new Uint8Array(0))
  }
  spent(spent: SpentPrekeys): void {
    this.#keys.delete(keyName("opk", spent.opkId))
    this.#keys.delete(keyName("pqopk", spent.pqId))
    this.#hashes(spent.spkId).add(toHex(spent.firstMessageHash))
  }

  /** Is the signed prekey missing or due for a new one? */
  rotationDue(nowMs: number): boolean {
    const newest = this.#newest("spk")
    return newest === undefined || nowMs - newest.statement.notBeforeMs >= SIGNED_PREKEY_ROTATE_MS
  }

  /** Is there anything to publish, with this much left at the relay? */
  publishDue(stock: Stock, nowMs: number): boolean {
    const low = stock.oneTimeLeft < ONE_TIME_LOW_WATER || stock.kemLeft < ONE_TIME_KEM_LOW_WATER
    return this.#publication !== undefined || low || this.rotationDue(nowMs)
  }

  /**
   * What is to be published, made and put into `batch` where it was not made before. One-time keys that
   * were published once are never published again: a relay that forgot them may have handed them out.
   *
   * @param pause called between keys, so that making a hundred does not hold up the page.
   */
  async prepare(own: Identity, stock: Stock, deps: Deps, pause: () => Promise<void>): Promise<Prepared> {
    const made: OwnPrekey[] = []
    const make = (kind: PrekeyKind): OwnPrekey => {
      const key = generatePrekey(own, kind, undefined, deps)
      made.push(key)
      return key
    }
    const rotate = this.rotationDue(deps.nowMs())
    const current = (kind: PrekeyKind): OwnPrekey => (rotate ? undefined : this.#newest(kind)) ?? make(kind)
    const [spk, pqspk] = [current("spk"), current("pqspk")]
    const waiting = this.#publication
    const fill = async (
      kind: PrekeyKind,
      ids: readonly number[] | undefined,
      missing: number,
    ): Promise<OwnPrekey[]> => {
      if (ids !== undefined) return this.#known(kind, ids)
      const keys: OwnPrekey[] = []
      while (keys.length < missing) {
        keys.push(make(kind))
        await pause()
      }
      return keys
    }
    const oneTime = await fill("opk", waiting?.oneTime, ONE_TIME_BATCH - stock.oneTimeLeft)
    const oneTimeKem = await fill("pqopk", waiting?.oneTimeKem, ONE_TIME_KEM_BATCH - stock.kemLeft)
    const publication: Publication = {
      id: waiting === undefined || rotate ? deps.random(16) : waiting.id,
      oneTime: oneTime.map((key) => key.statement.keyId),
      oneTimeKem: oneTimeKem.map((key) => key.statement.keyId),
    }
    const bytesOf = (keys: readonly OwnPrekey[]): readonly Bytes[] => keys.map((key) => key.statement.bytes)
    const frame: FrameBodies["publish"] = {
      publication: publication.id,
      certificate: own.certificate.bytes,
      list: own.list.bytes,
      signedPrekey: spk.statement.bytes,
      lastResortKem: pqspk.statement.bytes,
      oneTime: bytesOf(oneTime),
      oneTimeKem: bytesOf(oneTimeKem),
    }
    return { made, publication, frame }
  }

  /** Into a batch: before anything of it is published. `kept` once that batch resolved. */
  keep(prepared: Prepared, batch: Batch): void {
    for (const key of prepared.made)
      batch.set(at.prekey(key.statement.kind, key.statement.keyId), ownPrekeyCodec.encode(key))
    batch.set(at.publication, publicationCodec.encode(prepared.publication))
  }
  kept(prepared: Prepared): void {
    for (const key of prepared.made) this.#add(key)
    this.#publication = prepared.publication
  }
  /** The relay has taken it. */
  published(batch: Batch): void {
    this.#publication = undefined
    batch.delete(at.publication)
  }

  /** Into a batch: everything past its grace, and one-time keys over their bound, oldest first. */
  forget(nowMs: number, batch: Batch): void {
    const old = [...this.#keys.values()].filter(
      ({ statement }) => nowMs > statement.notAfterMs + PREKEY_PRIVATE_GRACE_MS,
    )
    for (const kind of ["opk", "pqopk"] as const) {
      const kept = this.#ofKind(kind)
      old.push(...kept.slice(0, Math.max(0, kept.length - MAX_KEPT[kind])))
    }
    for (const { statement } of old) {
      batch.delete(at.prekey(statement.kind, statement.keyId))
      this.#keys.delete(keyName(statement.kind, statement.keyId))
      if (statement.kind !== "spk") continue
      for (const hash of this.#hashes(statement.keyId)) batch.delete(at.firstMessage(statement.keyId, hash))
      this.#firstMessages.delete(statement.keyId)
    }
  }

  #add(key: OwnPrekey): void {
    this.#keys.set(keyName(key.statement.kind, key.statement.keyId), key)
  }
  #hashes(spkId: number): Set<string> {
    let hashes = this.#firstMessages.get(spkId)
    if (hashes === undefined) this.#firstMessages.set(spkId, (hashes = new Set()))
    return hashes
  }
  /** Oldest first. */
  #ofKind(kind: PrekeyKind): OwnPrekey[] {
    return [...this.#keys.values()]
      .filter(({ statement }) => statement.kind === kind)
      .sort((a, b) => a.statement.notBeforeMs - b.statement.notBeforeMs)
  }
  #newest(kind: PrekeyKind): OwnPrekey | undefined {
    return this.#ofKind(kind).at(-1)
  }
  #known(kind: PrekeyKind, ids: readonly number[]): OwnPrekey[] {
    return ids.flatMap((id) => this.#keys.get(keyName(kind, id)) ?? [])
  }
}

export interface SpentPrekeys {
  readonly spkId: number
  readonly opkId: number
  readonly pqId: number
  readonly firstMessageHash: Bytes
}
export interface Prepared {
  readonly made: readonly OwnPrekey[]
  readonly publication: Publication
  readonly frame: FrameBodies["publish"]
}
