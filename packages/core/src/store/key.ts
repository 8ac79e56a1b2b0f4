/**
 * The root key of a sealed store: 32 random bytes that never change, wrapped by what a person or the platform holds.
 * A changed passphrase wraps them anew and rewrites nothing else. Its record is the only one in clear, so it is checked
 * for damage, for its format and for its parameters before anything slow begins. docs/wire-format.md "Store"
 */
import { EMPTY, concat } from "../bytes/concat.ts"
import { equalBytes } from "../bytes/compare.ts"
import { Reader } from "../bytes/reader.ts"
import { type Secret, secret } from "../bytes/secret.ts"
import { utf8 } from "../bytes/text.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import {
  ARGON2_LANES,
  ARGON2_MEMORY_KIB,
  ARGON2_PASSES,
  MAX_ARGON2_MEMORY_KIB,
  MAX_ARGON2_PASSES,
} from "../limits.ts"
import { aesGcmOpen, aesGcmSeal, sha256 } from "#primitives"
import { argon2id } from "#argon2"
import type { Argon2Cost } from "../primitives/argon2.ts"
import { kdf } from "../primitives/hkdf.ts"
import { LABELS } from "../primitives/labels.ts"
import type { StoreKey, StoreKeyContext, StorePassphrase, StoreSecret } from "./store-key.ts"
import type { StorePath } from "./store.ts"

export const KEY_RECORD: StorePath = ["seal", "key"]

/** Format of the whole store: this record, names and records. */
const FORMAT = 1
const MAGIC = /* @__PURE__ */ utf8("SCSK")
const CHECK_BYTES = 8
const SALT_BYTES = 16
const NONCE_BYTES = 12
const KEY_BYTES = 32
const WRAPPED_BYTES = KEY_BYTES + 16

const KINDS = { 1: "passphrase", 2: "key" } as const
type Kind = keyof typeof KINDS

export interface RootKey {
  /** 16 bytes, random: tells two stores apart. */
  readonly storeId: Bytes
  readonly key: Secret
}

/** What the wrapping key is made of, in clear: bound into it and into the wrapping, so none of it can be changed. */
interface Wrapping {
  readonly kind: Kind
  readonly storeId: Bytes
  readonly salt: Bytes
  readonly cost: Argon2Cost
}
const COST: Argon2Cost = { memoryKib: ARGON2_MEMORY_KIB, passes: ARGON2_PASSES, lanes: ARGON2_LANES }
const NO_COST: Argon2Cost = { memoryKib: 0, passes: 0, lanes: 0 }

const corrupt = (what: string, cause?: unknown): SecureChatError =>
  new SecureChatError("ERR_STORE_CORRUPT", `the store's key record is damaged: ${what}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Put back a copy of the store. No new identity is made in its place.",
    details: { record: KEY_RECORD.join("/") },
  })
const wrongKey = (kind: Kind): SecureChatError =>
  new SecureChatError("ERR_STORE_WRONG_KEY", `the store does not open with this ${KINDS[kind]}`, {
    hint: "Ask again.",
    details: { kind: KINDS[kind] },
  })

const encodeWrapping = ({ kind, storeId, salt, cost }: Wrapping): Bytes =>
  new Writer()
    .u8(FORMAT)
    .u8(kind)
    .fixed(storeId, 16)
    .fixed(salt, SALT_BYTES)
    .u32(cost.memoryKib)
    .u32(cost.passes)
    .u8(cost.lanes)
    .bytes()

const readWrapping = (input: Reader): Wrapping => {
  const kind = input.u8()
  if (kind !== 1 && kind !== 2) input.fail("unknown kind of key", 1)
  const [storeId, salt] = [input.take(16), input.take(SALT_BYTES)]
  return { kind, storeId, salt, cost: { memoryKib: input.u32(), passes: input.u32(), lanes: input.u8() } }
}

/** Neither so cheap that guesses are, nor so dear that opening hangs. */
const isBounded = ({ kind, cost }: Wrapping): boolean =>
  kind === 2
    ? cost.memoryKib === 0 && cost.passes === 0 && cost.lanes === 0
    : cost.memoryKib >= ARGON2_MEMORY_KIB &&
      cost.memoryKib <= MAX_ARGON2_MEMORY_KIB &&
      cost.passes >= ARGON2_PASSES &&
      cost.passes <= MAX_ARGON2_PASSES &&
      cost.lanes === ARGON2_LANES

/** The key that wraps. Composed and decomposed spellings of one passphrase are one passphrase (NFC). */
const wrappingKey = async (
  given: StoreSecret,
  clear: Uint8Array,
  { salt, cost }: Wrapping,
): Promise<Bytes> => {
  let ikm: Uint8Array
  if (given instanceof Uint8Array) ikm = given
  else {
    const { passphrase, onProgress } = phraseOf(given)
    ikm = await argon2id(utf8(passphrase.normalize("NFC")), salt, cost, { onProgress })
  }
  return kdf({ ikm, salt, label: LABELS.storeKey, context: clear }, KEY_BYTES)
}
const phraseOf = (given: string | StorePassphrase): StorePassphrase =>
  typeof given === "string" ? { passphrase: given } : given
const kindOf = (given: StoreSecret): Kind => (given instanceof Uint8Array ? 2 : 1)

/** What a person or the platform answers. @throws ERR_CONFIG_INVALID for what is no key, ERR_ABORTED */
export const askFor = async (key: StoreKey, context: StoreKeyContext): Promise<StoreSecret> => {
  const given: unknown = typeof key === "function" ? await key(context) : key
  if (context.signal.aborted)
    throw new SecureChatError("ERR_ABORTED", "given up while the store's key was asked for")
  if (given instanceof Uint8Array && given.length === KEY_BYTES) return given
  const phrase =
    typeof given === "object" && given !== null && "passphrase" in given ? given.passphrase : given
  if (typeof phrase === "string" && phrase !== "" && phrase.isWellFormed()) return given as StoreSecret
  throw new SecureChatError("ERR_CONFIG_INVALID", "option 'storeKey' is not valid", {
    hint: "Give a passphrase, 32 bytes, or a function that resolves to one of them.",
    details: { option: "storeKey" },
  })
}

/** The record that holds the root key under `given`. */
export const wrapRootKey = async (root: RootKey, given: StoreSecret, deps: Deps): Promise<Bytes> => {
  const kind = kindOf(given)
  const cost = kind === 1 ? COST : NO_COST
  const wrapping: Wrapping = { kind, storeId: root.storeId, salt: deps.random(SALT_BYTES), cost }
  const clear = encodeWrapping(wrapping)
  const nonce = deps.random(NONCE_BYTES)
  const key = await wrappingKey(given, clear, wrapping)
  const body = concat(clear, nonce, aesGcmSeal(key, nonce, root.key.expose(), clear))
  return concat(MAGIC, sha256(body).subarray(0, CHECK_BYTES), body)
}

export const makeRootKey = (deps: Deps): RootKey => ({
  storeId: deps.random(16),
  key: secret(deps.random(KEY_BYTES)),
})

interface Parts {
  readonly wrapping: Wrapping
  readonly clear: Bytes
  readonly nonce: Bytes
  readonly wrapped: Bytes
}

/** @throws ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW */
const partsOf = (record: Uint8Array): Parts => {
  const input = new Reader(record)
  try {
    if (!equalBytes(input.take(MAGIC.length), MAGIC)) input.fail("no store key")
    const check = input.take(CHECK_BYTES)
    const start = input.offset
    // Tells damage from a wrong passphrase; it protects nothing, and needs to protect nothing.
    if (!equalBytes(sha256(record.subarray(start)).subarray(0, CHECK_BYTES), check)) input.fail("check value")
    const format = input.u8()
    if (format > FORMAT)
      throw new SecureChatError("ERR_STORE_TOO_NEW", `the store has format ${format}`, {
        hint: "Update this app.",
        details: { format, known: FORMAT },
      })
    if (format !== FORMAT) input.fail("unknown format", 1)
    const wrapping = readWrapping(input)
    if (!isBounded(wrapping)) input.fail("cost of the derivation out of bounds")
    const clear = input.since(start)
    const parts = { wrapping, clear, nonce: input.take(NONCE_BYTES), wrapped: input.take(WRAPPED_BYTES) }
    input.end()
    return parts
  } catch (cause) {
    if (SecureChatError.is(cause, "ERR_DECODE")) throw corrupt(cause.message, cause)
    throw cause
  }
}

/** @throws ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW, ERR_STORE_WRONG_KEY, ERR_CONFIG_INVALID, ERR_ABORTED */
export const openRootKey = async (
  record: Uint8Array,
  key: StoreKey,
  context: StoreKeyContext,
): Promise<RootKey> => {
  const { wrapping, clear, nonce, wrapped } = partsOf(record)
  const given = await askFor(key, context)
  if (kindOf(given) !== wrapping.kind) throw wrongKey(wrapping.kind)
  const wrappedBy = await wrappingKey(given, clear, wrapping)
  try {
    return { storeId: wrapping.storeId, key: secret(aesGcmOpen(wrappedBy, nonce, wrapped, clear)) }
  } catch {
    throw wrongKey(wrapping.kind)
  }
}

/** Keys derived from the root key, each once, until they are forgotten. */
export class StoreKeys {
  #root: RootKey | undefined
  readonly #derived = new Map<string, Bytes>()

  constructor(root: RootKey) {
    this.#root = root
  }
  /** @throws ERR_LOCKED once forgotten */
  get root(): RootKey {
    if (this.#root === undefined)
      throw new SecureChatError("ERR_LOCKED", "the store is locked", { hint: "Call unlock() first." })
    return this.#root
  }
  /** `KDF(root key, empty, "store", LP(table, use), 32)`. protocol.md §15 */
  of(table: string, use: string): Bytes {
    const { key } = this.root
    const name = `${table}/${use}`
    let derived = this.#derived.get(name)
    if (derived === undefined) {
      const context = new Writer().prefixed(32, utf8(table)).prefixed(32, utf8(use)).bytes()
      derived = kdf({ ikm: key.expose(), salt: EMPTY, label: LABELS.store, context }, KEY_BYTES)
      this.#derived.set(name, derived)
    }
    return derived
  }
  /** Drops every key. What the engine has copied it keeps until it is collected. */
  forget(): void {
    this.#root = undefined
    for (const key of this.#derived.values()) key.fill(0)
    this.#derived.clear()
  }
}
