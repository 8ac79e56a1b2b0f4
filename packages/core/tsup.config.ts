import { defineConfig } from "tsup"
import { base } from "../../tsup.config.ts"

export default defineConfig({
  ...base,
  entry: {
    index: "src/index.ts",
    "fernet/index": "src/fernet/index.ts",
    "wire/index": "src/wire/index.ts",
    "transport/index": "src/transport/index.ts",
    "primitives/index": "src/primitives/index.ts",
    "identity/index": "src/identity/index.ts",
    "store/indexeddb": "src/store/indexeddb.ts",
    "store/sealed": "src/store/sealable.ts",
    "store/sqlite": "src/store/sqlite.ts",
    errors: "src/errors.ts",
    limits: "src/limits.ts",
    "primitives/index.node": "src/primitives/index.node.ts",
    "primitives/index.default": "src/primitives/index.default.ts",
    "primitives/argon2.node": "src/primitives/argon2.node.ts",
    "primitives/argon2.default": "src/primitives/argon2.default.ts",
    "primitives/bulk.node": "src/primitives/bulk.node.ts",
    "primitives/bulk.default": "src/primitives/bulk.default.ts",
  },
})
