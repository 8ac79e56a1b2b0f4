/**
 * One record of a sealed store: `format 1 ‖ version u64 ‖ nonce 12 ‖ AES-256-GCM(u32 length ‖ hidden parts of the path ‖
 * value)`, with `LP(table, place, version)` as associated data. A record that was changed, cut or laid in another place
 * does not open. The version rises with every record the store writes. docs/wire-format.md "Store"
 */
import { Reader } from "../bytes/reader.ts"
import { utf8 } from "../bytes/text.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { STORE_KEY_WRITES } from "../limits.ts"
import { aesGcmOpen, aesGcmSeal } from "#primitives"
import { pathFromBytes, pathToBytes } from "./path-bytes.ts"
import type { StorePath } from "./store.ts"

const FORMAT = 1
const NONCE_BYTES = 12
const MAX_PARTS_BYTES = 0xffff_ffff

export interface Sealed {
  readonly version: number
  readonly nonce: Bytes
  readonly body: Bytes
}
export interface Opened {
  readonly hidden: StorePath
  readonly value: Bytes
}
/** The same before it is sealed. */
export interface Open {
  readonly hidden: StorePath
  readonly value: Uint8Array
}

/** Damage of the record at this place; parts that name somebody are pseudonyms there. */
export const damaged = (place: StorePath, cause?: unknown): SecureChatError =>
  new SecureChatError("ERR_STORE_CORRUPT", `the record ${place.join("/")} is damaged`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Put back a copy of the store. The other records can be read.",
    details: { record: place.join("/") },
  })

/** Which key of its table a record of this version is under: a new one before 2³² writes. */
export const useOf = (version: number): string => `records ${Math.floor(version / STORE_KEY_WRITES)}`

const associated = (place: StorePath, version: number): Bytes =>
  new Writer()
    .prefixed(32, utf8(place[0] ?? ""))
    .prefixed(32, pathToBytes(place))
    .prefixed(32, new Writer().u64(version).bytes())
    .bytes()

interface Where {
  readonly place: StorePath
  readonly version: number
}

export const sealRecord = (key: Uint8Array, { place, version }: Where, what: Open, deps: Deps): Bytes => {
  const nonce = deps.random(NONCE_BYTES)
  const parts = pathToBytes(what.hidden)
  const plaintext = new Writer().prefixed(32, parts).put(what.value).bytes()
  const body = aesGcmSeal(key, nonce, plaintext, associated(place, version))
  return new Writer().u8(FORMAT).u64(version).put(nonce).put(body).bytes()
}

/** The outer parts of a record. @throws ERR_STORE_CORRUPT */
export const readRecord = (place: StorePath, record: Uint8Array): Sealed => {
  try {
    const input = new Reader(record)
    input.expect(FORMAT, "format of a record")
    return { version: input.u64(), nonce: input.take(NONCE_BYTES), body: input.rest() }
  } catch (cause) {
    throw damaged(place, cause)
  }
}

/** @throws ERR_STORE_CORRUPT */
export const openRecord = (key: Uint8Array, place: StorePath, { version, nonce, body }: Sealed): Opened => {
  try {
    const input = new Reader(aesGcmOpen(key, nonce, body, associated(place, version)))
    const parts = input.prefixed(32, MAX_PARTS_BYTES)
    return { hidden: parts.length === 0 ? [] : pathFromBytes(parts), value: input.rest() }
  } catch (cause) {
    throw damaged(place, cause)
  }
}
