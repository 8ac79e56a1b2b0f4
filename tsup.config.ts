import type { Options } from "tsup"

/** The one build recipe. A package's own `tsup.config.ts` spreads it and names its entries, nothing more. */
export const base: Options = {
  format: ["esm"],
  dts: true,
  target: "es2022",
  // Subpaths share chunks, so that `SecureChatError` exists once.
  splitting: true,
  sourcemap: true,
  treeshake: true,
  clean: true,
  // `#primitives` and `#socket` are chosen by the installing platform, not baked in here.
  external: [/^#/],
  // The default turns `node:sqlite` into `sqlite`, which does not exist.
  removeNodeProtocol: false,
}
