/** Faults of the sealed store, each removing one check, and the test that must notice. */
import type { Fault } from "./fault.ts"

const sealed = "packages/core/src/store/sealed.test.ts"

export const STORE_FAULTS: readonly Fault[] = [
  {
    name: "a record is not bound to its place",
    file: "packages/core/src/store/seal-record.ts",
    find: ".prefixed(32, pathToBytes(place))",
    replace: "",
    test: sealed,
    caughtBy: "opens no record in the place of another",
  },
  {
    name: "a deleted message leaves its key behind",
    file: "packages/core/src/store/sealed.ts",
    find: "...(own ? [keyPlace] : [])",
    replace: "...(own ? [] : [])",
    test: sealed,
    caughtBy: "has a key of its own, which goes with it",
  },
  {
    name: "a store without its key record is taken for a new one",
    file: "packages/core/src/store/sealed.ts",
    find: "for await (const _ of inner.list([], { limit: 1 })) throw damaged(KEY_RECORD)",
    replace: "",
    test: sealed,
    caughtBy: "never begins anew over records whose key record is gone",
  },
  {
    name: "the marker beside a store is not looked at",
    file: "packages/core/src/store/sealed.ts",
    find: "if (noted > this.#progress.confirmed)",
    replace: "if (false)",
    test: sealed,
    caughtBy: "shows that an older copy of the whole store was put back",
  },
  {
    name: "the cost of a derivation has no bounds",
    file: "packages/core/src/store/key.ts",
    find: "if (!isBounded(wrapping))",
    replace: "if (!isBounded(wrapping) && false)",
    test: "packages/core/src/store/key.test.ts",
    caughtBy: "[G7] refuses parameters below the floor and above the ceiling before anything is derived",
  },
]
