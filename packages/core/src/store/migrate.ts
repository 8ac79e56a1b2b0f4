/**
 * What an older schema becomes when a newer version opens its store: numbered steps, one after another. A step may run
 * again after a crash, so each one finds its own work done or undone and repeats nothing. What the records hold is the
 * client's; the format of the sealing itself has a number of its own, in the key record.
 */
import type { Store } from "./store.ts"

/** Schema of what this version writes. A change of any stored record or path raises it and adds a step. */
export const SCHEMA = 1

/** From the schema before to this one. */
export interface Migration {
  readonly to: number
  run(store: Store): Promise<void>
}

/** None yet: 1 is the first schema. */
const MIGRATIONS: readonly Migration[] = []

export interface Migrating extends Store {
  readonly schema: number
  setSchema(schema: number): Promise<void>
}

/** Each step is noted when it is done: a crash repeats at most the one it met. */
export const migrate = async (
  store: Migrating,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> => {
  for (const migration of migrations) {
    if (migration.to <= store.schema) continue
    await migration.run(store)
    await store.setSchema(migration.to)
  }
}
