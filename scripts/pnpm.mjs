// The one pnpm of this workspace: a native binary from the registry that runs under Node 20. No `packageManager` field:
// with it pnpm fetches its own pinned copy, which fails in a frozen install.
export const PNPM = "pnpm@12.21.0"
/** Before pnpm's own arguments. */
export const pnpmCommand = ["npm", "exec", "--yes", "--", PNPM]
