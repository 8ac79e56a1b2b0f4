/**
 * Rows of the catalogue that no test covers yet, each with what it waits for. A row leaves this list with the
 * change that brings its test; a row that is here and has a test fails the check.
 */
export const OWED: Readonly<Record<string, string>> = {
  G2: "sealed streams: attachments",
  G3: "sealed streams: attachments",
  G10: "sealed streams: attachments",
  R17: "blobs: attachments",
}

/** Rows that have tests and owe a part all the same. Goes with the change that brings the part. */
export const REMAINDERS: Readonly<Record<string, string>> = {
  B18: "reactions and edits for unknown ids: replies and reactions",
  C10: "what shows a reply beside what it answers: replies and reactions",
  C8: "file names and bodies: attachments",
  G1: "declared size, partial files: attachments",
  R5: "a thousand readers at 2,000 messages a second: load runs",
  R6: "two thousand half-open handshakes: load runs",
}
