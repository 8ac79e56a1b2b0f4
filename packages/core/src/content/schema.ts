/**
 * The last step of decoding: a CBOR map with integer keys becomes a checked object before anyone reads
 * a field. Unknown positive keys are refused, since they may change the meaning; negative ones are
 * room for hints and ignored. protocol.md §6.4
 */
import { SecureChatError } from "../errors.ts"
import type { CborValue } from "./cbor.ts"

/** Whether a field may hold `value`; an absent one is `undefined`. */
export type Check<T = unknown> = (value: unknown) => value is T
type Shape = Readonly<Record<string, Check>>
type Fields<S extends Shape> = { readonly [K in keyof S]: S[K] extends Check<infer T> ? T : never }

const upTo =
  (max: number): Check<number> =>
  (value): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max
export const u53: Check<number> = /* @__PURE__ */ upTo(Number.MAX_SAFE_INTEGER)
export const u32: Check<number> = /* @__PURE__ */ upTo(0xffff_ffff)
export const flag: Check<boolean> = (value) => typeof value === "boolean"
export const text: Check<string> = (value) => typeof value === "string"
export const bytesUpTo =
  (max: number): Check<Uint8Array> =>
  (value): value is Uint8Array =>
    value instanceof Uint8Array && value.length <= max
export const bytesOf =
  (length: number): Check<Uint8Array> =>
  (value): value is Uint8Array =>
    value instanceof Uint8Array && value.length === length
export const aMap: Check<ReadonlyMap<CborValue, CborValue>> = (value) => value instanceof Map
export const oneOf =
  <T extends string>(...texts: readonly T[]): Check<T> =>
  (value): value is T =>
    texts.includes(value as T)
export const maybe =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value): value is T | undefined =>
    value === undefined || check(value)
export const listOf =
  <T>(check: Check<T>): Check<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.every(check)
export const tuple =
  <T extends readonly unknown[]>(...checks: { readonly [I in keyof T]: Check<T[I]> }): Check<T> =>
  (value): value is T =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, i) => check(value[i]))

/** The way back from number to name, turned round once for each table of keys. */
const turned = /* @__PURE__ */ new WeakMap<object, ReadonlyMap<number, string>>()
const namesOf = (keys: Readonly<Record<string, number>>): ReadonlyMap<number, string> => {
  const names = turned.get(keys) ?? new Map(Object.entries(keys).map(([name, key]) => [key, name]))
  turned.set(keys, names)
  return names
}

/** Reads `map` by `keys` (name to integer key) and checks the result against `shape`. */
export const fromMap = <S extends Shape>(
  map: CborValue,
  keys: Readonly<Record<keyof S & string, number>>,
  shape: S,
): Fields<S> => {
  if (!(map instanceof Map)) throw new SecureChatError("ERR_DECODE", "content: not a map")
  const names = namesOf(keys)
  const fields = Object.create(null) as Record<string, unknown>
  for (const [key, value] of map as ReadonlyMap<CborValue, CborValue>) {
    if (typeof key !== "number") throw new SecureChatError("ERR_DECODE", "content: a key is not an integer")
    if (key < 0) continue
    const name = names.get(key)
    if (name === undefined || !Object.hasOwn(shape, name))
      throw new SecureChatError("ERR_DECODE", `content: unknown key ${key}`)
    fields[name] = value
  }
  for (const [name, check] of Object.entries(shape))
    if (!check(fields[name])) throw new SecureChatError("ERR_DECODE", `content: field ${name} is not valid`)
  return fields as Fields<S>
}

/** The map of the fields that are present. */
export const toMap = <K extends string>(
  fields: Readonly<Partial<Record<K, CborValue | undefined>>>,
  keys: Readonly<Record<K, number>>,
): ReadonlyMap<CborValue, CborValue> => {
  const map = new Map<CborValue, CborValue>()
  for (const name of Object.keys(keys) as K[]) {
    const value = fields[name]
    if (value !== undefined) map.set(keys[name], value)
  }
  return map
}
