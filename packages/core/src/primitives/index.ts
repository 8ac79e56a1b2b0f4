/** `@securechat/core/primitives`: the back end of this platform, labelled derivation and comparison. */
export * from "#primitives"
export { equalBytes } from "../bytes/compare.ts"
export { expand, hkdfExpand, hkdfExtract, kdf, type KdfInput } from "./hkdf.ts"
export { type Label, LABELS, labelled } from "./labels.ts"
export type { KemKeyPair, KemSealed, Primitives } from "./primitives.ts"
