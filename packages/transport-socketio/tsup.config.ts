import { defineConfig } from "tsup"
import { base } from "../../tsup.config.ts"

export default defineConfig({
  ...base,
  entry: {
    index: "src/index.ts",
    server: "src/server.ts",
    "wire.node": "src/wire.node.ts",
    "wire.default": "src/wire.default.ts",
  },
})
