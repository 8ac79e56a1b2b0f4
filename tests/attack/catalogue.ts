/**
 * The attack catalogue as data: what a hostile relay, network, stolen file or peer may try. An id never changes its
 * meaning; new rows go at the end of their section. A test that covers a row begins its name with the id.
 */
export interface Row {
  readonly id: string
  /** `now`: owed today. `later`: its feature does not exist yet. */
  readonly stage: "now" | "later"
  readonly title: string
  /** It depends on what carries the frames: a test of it runs over WebSocket and over Socket.IO. */
  readonly overBoth?: true
  /** It depends on what keeps mail and prekeys: a test of it runs on each kind of mailbox. */
  readonly onEach?: true
}

const row = (
  id: string,
  stage: Row["stage"],
  title: string,
  more: Pick<Row, "overBoth" | "onEach"> = {},
): Row => ({
  ...{ id, stage, title, ...more },
})
const OVER_BOTH = { overBoth: true } as const
const ON_EACH = { onEach: true } as const

export const CATALOGUE: readonly Row[] = [
  // identity and key exchange
  row("A1", "now", "Key swap at first contact", OVER_BOTH),
  row("A2", "now", "Key change in mid-conversation", OVER_BOTH),
  row("A3", "now", "Unknown key share"),
  row("A4", "now", "Reflection", OVER_BOTH),
  row("A5", "now", "Non-contributory Diffie-Hellman"),
  row("A6", "now", "Lax or inconsistent Ed25519"),
  row("A7", "now", "Key-type confusion, KEM re-encapsulation"),
  row("A8", "now", "Invalid ML-KEM keys"),
  row("A9", "now", "Replay of the first message; keys burnt by rubbish", OVER_BOTH),
  row("A10", "now", "Prekey depletion", { ...OVER_BOTH, ...ON_EACH }),
  row("A11", "now", "Stale, unsigned or foreign prekeys", ON_EACH),
  row("A12", "now", "Downgrade"),
  row("A13", "now", "Confusion in verification"),
  row("A14", "later", "'Verified' from an unverified self"),
  row("A15", "now", "Compromise impersonation, session independence"),
  row("A16", "later", "Split view of the key log"),
  row("A17", "now", "First contact in an open room"),
  row("A18", "now", "Simultaneous initiation, dead winner"),
  row("A19", "later", "Device added while a first message is under way"),
  row("A20", "now", "Verified Mallory behind Bob's name"),
  row("A21", "now", "Third party under another's hello"),
  row("A22", "now", "Unfranked initiator"),
  // messages
  row("B1", "now", "A MAC that covers nothing"),
  row("B2", "now", "Truncated tag"),
  row("B3", "now", "base64 spelling"),
  row("B4", "now", "Context swap", OVER_BOTH),
  row("B5", "now", "Replay", { ...OVER_BOTH, ...ON_EACH }),
  row("B6", "now", "Reordering", { ...OVER_BOTH, ...ON_EACH }),
  row("B7", "now", "Drop, tail drop", { ...OVER_BOTH, ...ON_EACH }),
  row("B8", "later", "Equivocation in a group"),
  row("B9", "now", "Sender spoofing", OVER_BOTH),
  row("B10", "now", "Forged control traffic", OVER_BOTH),
  row("B11", "now", "Key commitment"),
  row("B12", "now", "Skipped-key exhaustion"),
  row("B13", "now", "State changed before the check"),
  row("B14", "now", "Repeated IV, weak randomness, forked process"),
  row("B15", "now", "Timing and error oracles"),
  row("B16", "now", "Clock abuse"),
  row("B17", "now", "Length leaks, compression, bombs"),
  row("B18", "now", "Receipts as tracker or drain"),
  row("B19", "now", "Reset and retry abuse"),
  row("B20", "now", "Forged garbage as a lever"),
  // encoding and parsing
  row("C1", "now", "Prototype pollution"),
  row("C2", "now", "Duplicate keys, parser differences"),
  row("C3", "now", "Numbers"),
  row("C4", "now", "Unicode"),
  row("C5", "now", "Depth and size"),
  row("C6", "now", "Canonicalisation"),
  row("C7", "now", "Unknown fields and versions"),
  row("C8", "now", "Path traversal, active content"),
  row("C9", "now", "Secrets in logs and errors", { ...OVER_BOTH, ...ON_EACH }),
  row("C10", "now", "Endless structures"),
  // state, storage, concurrency
  row("D1", "now", "Ratchet races"),
  row("D2", "now", "Crash between sending and storing"),
  row("D3", "now", "Crash between receiving and ack", ON_EACH),
  row("D4", "now", "Prekeys uploaded, then forgotten", ON_EACH),
  row("D5", "now", "Two writers on one store"),
  row("D6", "now", "Rollback"),
  row("D7", "now", "Cloned device"),
  row("D8", "now", "Corrupt store"),
  row("D9", "now", "Keys at rest"),
  row("D10", "now", "Storage refused"),
  row("D11", "now", "Unbounded growth"),
  row("D12", "now", "Store format changes"),
  row("D13", "now", "Long-run desynchronisation"),
  // groups
  row("E1", "later", "Relay adds a member"),
  row("E2", "later", "Removed member reads on"),
  row("E3", "later", "Concurrent changes"),
  row("E4", "later", "Insider sends different welcomes"),
  row("E5", "later", "Insider writes as another"),
  row("E6", "later", "Stale epoch"),
  row("E7", "later", "Pending change lost in a crash"),
  row("E8", "later", "Insecure history sharing"),
  row("E9", "later", "Forks and spam alike"),
  row("E10", "later", "Admin lock-out, self-promotion"),
  // several devices
  row("F1", "later", "Malicious linked device"),
  row("F2", "later", "Link phishing, code guessing"),
  row("F3", "later", "Revoked device"),
  row("F4", "later", "Keys accepted from anyone"),
  row("F5", "later", "Replay of sync between own devices"),
  // files and backup
  row("G1", "now", "Chunk truncation, reorder, repeat, splice"),
  row("G2", "now", "File swapped by the relay"),
  row("G3", "now", "Resume after a break"),
  row("G4", "now", "Malleable key wrapping"),
  row("G5", "later", "Unauthenticated metadata keys"),
  row("G6", "later", "Backup tampering and rollback"),
  row("G7", "now", "Derivation downgrade"),
  row("G8", "later", "Size oracle on backups"),
  row("G9", "later", "Restore, then go on"),
  row("G10", "now", "Resume after the source changed"),
  // calls
  row("H1", "later", "DTLS fingerprint or SDP swapped"),
  row("H2", "later", "ClientHello race"),
  row("H3", "later", "SFrame misuse"),
  row("H4", "later", "Ring replay, ghost participant"),
  row("H5", "later", "TURN abuse"),
  // the relay itself
  row("R1", "now", "Payload size", OVER_BOTH),
  row("R2", "now", "Fragments", OVER_BOTH),
  row("R3", "now", "Compression", OVER_BOTH),
  row("R4", "now", "Attachments"),
  row("R5", "now", "Slow readers"),
  row("R6", "now", "Slow and half handshakes", OVER_BOTH),
  row("R7", "now", "Login", OVER_BOTH),
  row("R8", "now", "Hook", OVER_BOTH),
  row("R9", "now", "Cross-site sockets", OVER_BOTH),
  row("R10", "now", "Enumeration"),
  row("R11", "now", "Buckets", OVER_BOTH),
  row("R12", "now", "Connections and descriptors", OVER_BOTH),
  row("R13", "now", "Durability"),
  row("R14", "now", "Two relays"),
  row("R15", "now", "Mailbox of another"),
  row("R16", "now", "Plain transport"),
  row("R17", "now", "Blobs"),
  row("R18", "now", "Drain", OVER_BOTH),
]
