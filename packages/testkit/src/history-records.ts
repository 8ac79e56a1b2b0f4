/**
 * What a history is made of: everything that happens in a run is one record, in the order it happened.
 * Simulation, crash, chaos, load and browser runs write them; `history.ts` judges.
 */

interface At {
  /** The device, or "relay". */
  readonly actor: string
  /** By the clock of the run. */
  readonly atMs: number
}

/** One message: who numbers it, and its number there. Numbers of a sender rise; they need not be dense. */
export interface MessageRef {
  /** The sending device; where a device numbers each conversation by itself, device and conversation. */
  readonly sender: string
  readonly counter: number
}

/** The actor took the message for sending. Written before anything of it can arrive. */
export interface SentRecord extends At, MessageRef {
  readonly kind: "sent"
  /** Of the content, e.g. its SHA-256 in hex. */
  readonly digest: string
  /** Devices that ought to get it. */
  readonly to: readonly string[]
  /** Devices that may get it, where those are more: a message nobody promised may still arrive. */
  readonly allowed?: readonly string[]
  /** The peer, and its identity under which the message was sealed. */
  readonly peer?: string
  readonly identity?: string
}
/** The actor showed the message to its user: the `message` event. */
export interface DeliveredRecord extends At, MessageRef {
  readonly kind: "delivered"
  readonly digest: string
  /** Shown as late or out of order. */
  readonly marked?: boolean
  readonly peer?: string
  readonly identity?: string
}
/** The actor, a receiver, told its user that these are missing. */
interface GapRecord extends At {
  readonly kind: "gap"
  readonly missing: readonly MessageRef[]
}
/** The actor, the sender, told its user that this will not arrive; at nobody, or at the devices named. */
interface FailedRecord extends At, MessageRef {
  readonly kind: "failed"
  readonly to?: readonly string[]
}
/** The actor's level for a peer, as the user sees it. */
interface SecurityRecord extends At {
  readonly kind: "security"
  readonly peer: string
  readonly level: "green" | "yellow" | "red"
  /** The identity the level speaks about. */
  readonly identity: string
}
/** The actor sealed something under this key and this IV or counter. */
interface EncryptedRecord extends At {
  readonly kind: "encrypted"
  /** Names the key, e.g. its hash. */
  readonly key: string
  /** IV or counter. */
  readonly nonce: string
  readonly digest: string
}
/** The actor refused an input. Digests of its whole state. */
interface RefusedRecord extends At {
  readonly kind: "refused"
  readonly before: string
  readonly after: string
}
/** Nobody but the clients may ever see this: plaintext, private keys, message keys. */
interface CanaryRecord extends At {
  readonly kind: "canary"
  readonly name: string
  readonly bytes: Uint8Array
}
/** The actor, the relay or somebody on the way, saw or stored this. */
interface SawRecord extends At {
  readonly kind: "saw"
  /** "frame", "disk", "log" … */
  readonly where: string
  readonly bytes: Uint8Array
}
/** Faults have ended and everything has come to rest. */
interface QuietRecord extends At {
  readonly kind: "quiet"
}
/** An older copy of the actor's whole store was put back: what it did and showed after that record is forgotten. */
interface RestoredRecord extends At {
  readonly kind: "restored"
  /** Index of the last record the copy knows of. */
  readonly upTo: number
}
/** What the actor holds of something that several hold: the head of a log, a device list, a safety number. */
interface ViewRecord extends At {
  readonly kind: "view"
  readonly about: string
  readonly head: string
}
/** The actor told its user that there are two truths about it. */
interface ForkRecord extends At {
  readonly kind: "fork"
  readonly about: string
}
/** How much of something the actor keeps, and its limit in `limits.ts`. */
interface SizeRecord extends At {
  readonly kind: "size"
  readonly what: string
  readonly size: number
  readonly limit: number
}

export type HistoryRecord =
  | SentRecord
  | DeliveredRecord
  | GapRecord
  | FailedRecord
  | SecurityRecord
  | EncryptedRecord
  | RefusedRecord
  | CanaryRecord
  | SawRecord
  | QuietRecord
  | RestoredRecord
  | ViewRecord
  | ForkRecord
  | SizeRecord

export type Invariant = "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "I8" | "I9" | "I10" | "I11"

export interface Violation {
  readonly invariant: Invariant
  /** Index of the record that shows it. */
  readonly at: number
  readonly message: string
}
