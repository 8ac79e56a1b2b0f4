/** Where a native function draws its own randomness, and is let: nothing else may decide it. */
import { type Bytes, type Deps, platformDeps } from "../deps.ts"
import { drawsItself } from "#primitives"

/** A call, not the constant: of the constant the linter sees only the back end of its own platform. */
const native = (): boolean => drawsItself

/**
 * `length` bytes, or undefined where the source is the platform's own and the back end draws from it by itself. Decided by
 * the very function, so that no seeded run is ever mixed with chance.
 */
export const drawn = (deps: Deps, length: number): Bytes | undefined =>
  native() && deps.random === platformDeps.random ? undefined : deps.random(length)
