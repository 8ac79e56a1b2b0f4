/** The order of paths, the same in every driver: component by component, by UTF-16 code units; a prefix comes first. */
import { SecureChatError } from "../errors.ts"
import type { StorePath } from "./store.ts"

export const comparePaths = (a: StorePath, b: StorePath): number => {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a[i] as string
    const y = b[i] as string
    if (x !== y) return x < y ? -1 : 1
  }
  return a.length - b.length
}

export const isUnder = (path: StorePath, prefix: StorePath): boolean =>
  prefix.every((part, i) => path[i] === part)

/** @throws ERR_INTERNAL */
export const requirePath = (path: StorePath): void => {
  if (path.length === 0) throw new SecureChatError("ERR_INTERNAL", "a store path has at least one component")
}
