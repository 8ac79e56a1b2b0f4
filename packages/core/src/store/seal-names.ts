/**
 * Paths as they lie in a sealed store. The name of a table stays, and so do numbers, by which messages and the outbox
 * keep their order; every other part of a path names people or messages and becomes a pseudonym, another one in each
 * table and under each parent. docs/decisions/0019-names-in-a-sealed-store.md
 */
import { toBase64url } from "../bytes/text.ts"
import { SecureChatError } from "../errors.ts"
import { hmacSha256 } from "#primitives"
import type { StoreKeys } from "./key.ts"
import { pathToBytes } from "./path-bytes.ts"
import { requirePath } from "./path.ts"
import type { StorePath } from "./store.ts"

type Part = "name" | "number"
/** Tables with numbers in their paths. Part of the format: a table that is not here has names only. */
const SHAPES: Readonly<Record<string, readonly Part[]>> = {
  message: ["name", "number"],
  inspection: ["name", "number"],
  sent: ["name", "name", "number"],
  outbox: ["number"],
  envelope: ["number"],
  prekey: ["name", "number"],
  first: ["number", "name"],
}
/** Twelve digits: their order as text is their order as numbers. */
const NUMBER = /^\d{12}$/

/** Tables of the sealing itself. */
export const SEAL = "seal"
export const ERASE = "erase"

const PSEUDONYM_BYTES = 16

const shapeOf = (path: StorePath): readonly Part[] | undefined =>
  Object.hasOwn(SHAPES, path[0] ?? "") ? SHAPES[path[0] as string] : undefined

/** Which parts of a path are pseudonyms. */
const isHidden = (path: StorePath, at: number): boolean => at > 0 && shapeOf(path)?.[at - 1] !== "number"

/** Do paths under this prefix lie in the order of the clear ones? */
export const keepsOrder = (prefix: StorePath): boolean =>
  shapeOf(prefix)
    ?.slice(prefix.length - 1)
    .every((part) => part === "number") ?? false

/** @throws ERR_INTERNAL for a path that its table does not know: it would lie out of order. */
const requireShape = (path: StorePath): void => {
  requirePath(path)
  const shape = shapeOf(path)
  const fits =
    shape === undefined ||
    (path.length === shape.length + 1 &&
      shape.every((part, i) => part === "name" || NUMBER.test(path[i + 1] as string)))
  if (!fits || path[0] === SEAL || path[0] === ERASE)
    throw new SecureChatError("ERR_INTERNAL", `no such path in the table '${path[0] ?? ""}'`)
}

export class Names {
  readonly #keys: StoreKeys
  /** Conversations and accounts are looked up again and again. */
  readonly #known = new Map<string, string>()

  constructor(keys: StoreKeys) {
    this.#keys = keys
  }

  /** Where a record lies. @throws ERR_INTERNAL, ERR_LOCKED */
  of(path: StorePath): StorePath {
    requireShape(path)
    return this.under(path)
  }
  /** The same for what a list begins with or goes on after. @throws ERR_LOCKED */
  under(path: StorePath): StorePath {
    return path.map((part, at) => (isHidden(path, at) ? this.#pseudonym(path.slice(0, at + 1)) : part))
  }
  forget(): void {
    this.#known.clear()
  }

  #pseudonym(path: StorePath): string {
    const key = this.#keys.of(path[0] as string, "names")
    const spelled = JSON.stringify(path)
    let name = this.#known.get(spelled)
    if (name === undefined) {
      name = toBase64url(hmacSha256(key, pathToBytes(path)).subarray(0, PSEUDONYM_BYTES))
      if (this.#known.size >= MAX_KNOWN) this.#known.clear()
      this.#known.set(spelled, name)
    }
    return name
  }
}
const MAX_KNOWN = 1_000

/** The parts of a path that its place does not show. */
export const hiddenParts = (path: StorePath): StorePath => path.filter((_, at) => isHidden(path, at))

/** The clear path of what lies at `place`, from the parts that its record brings. */
export const clearPath = (place: StorePath, hidden: StorePath): StorePath => {
  let next = 0
  return place.map((part, at) => (isHidden(place, at) ? (hidden[next++] ?? part) : part))
}
