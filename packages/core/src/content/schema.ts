/**
 * The last step of decoding: a CBOR map with integer keys becomes a checked object before anyone reads
 * a field. Unknown positive keys are refused, since they may change the meaning; negative ones are
 * room for hints and ignored. protocol.md §6.4
 */
import * as v from "valibot"
import { SecureChatError } from "../errors.ts"
import type { CborValue } from "./cbor.ts"

type Shape = Readonly<Record<string, v.GenericSchema>>
type Fields<S extends Shape> = v.InferOutput<v.StrictObjectSchema<S, undefined>>

export const u53 = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
export const u32 = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff))
export const bytesOf = (length: number): v.GenericSchema<Uint8Array, Uint8Array> =>
  v.pipe(
    v.instance(Uint8Array),
    v.check((bytes) => bytes.length === length),
  )

/** Reads `map` by `keys` (name to integer key) and checks the result against `shape`. */
export const fromMap = <S extends Shape>(
  map: CborValue,
  keys: Readonly<Record<keyof S & string, number>>,
  shape: S,
): Fields<S> => {
  if (!(map instanceof Map)) throw new SecureChatError("ERR_DECODE", "content: not a map")
  const names = new Map<number, string>()
  for (const name of Object.keys(shape)) names.set(keys[name] as number, name)
  const fields = Object.create(null) as Record<string, unknown>
  for (const [key, value] of map as ReadonlyMap<CborValue, CborValue>) {
    if (typeof key !== "number") throw new SecureChatError("ERR_DECODE", "content: a key is not an integer")
    if (key < 0) continue
    const name = names.get(key)
    if (name === undefined) throw new SecureChatError("ERR_DECODE", `content: unknown key ${key}`)
    fields[name] = value
  }
  const result = v.safeParse(v.strictObject(shape), fields)
  if (!result.success)
    throw new SecureChatError(
      "ERR_DECODE",
      `content: field ${v.getDotPath(result.issues[0]) ?? "?"} is not valid`,
    )
  return result.output
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
