/** Bounds of the drivers themselves; what an operator sees is in `limit/limits.ts`. */

/** Ids remembered per mailbox, oldest out: past it the recipient's own de-duplication does the work. */
export const MAX_IDS = 20_000
/** Between two looks for what has expired in mailboxes nobody opens. */
export const SWEEP_MS = 60_000
