/**
 * What client and relay say to each other, one interface per frame of relay.md §3. Bytes fields are
 * copies. Signed statements travel as opaque bytes: whoever receives them decodes and checks them with
 * `identity`, so that the frame code needs neither. `frame.ts` has the byte layout.
 */
import type { Bytes } from "../deps.ts"

export interface HelloBody {
  readonly minVersion: number
  readonly maxVersion: number
  readonly accountId: Bytes
  readonly deviceId: Bytes
  /** Up to here the device has stored everything; empty at first. */
  readonly cursor: Bytes
}
export interface ChallengeBody {
  /** The highest version in both ranges. */
  readonly version: number
  /** The relay's origin as this client dialled it, e.g. `https://chat.example`; the client compares. */
  readonly origin: string
  /** 16 bytes, this connection's own. */
  readonly connection: Bytes
  /** 32 bytes. */
  readonly nonce: Bytes
  readonly timeMs: number
}
export interface ProofBody {
  /** The device key's signature of the login statement (`login.ts`), 64 bytes. */
  readonly signature: Bytes
  /** A `DeviceCertificate`. */
  readonly certificate: Bytes
  /** The app's own token, empty where there is none. */
  readonly token: Bytes
}
/** What a client may send and when it must speak. */
export interface SessionLimits {
  readonly frameBytes: number
  readonly bodyBytes: number
  readonly signalBytes: number
  readonly openRequests: number
  /** Deliveries, and their bytes, that may wait for an ack. */
  readonly windowDeliveries: number
  readonly windowBytes: number
  /** Age at which an undelivered envelope is dropped. */
  readonly messageTtlMs: number
  /** Silence of the client after which the relay hangs up: ping sooner. */
  readonly idleMs: number
}
export interface ReadyBody {
  readonly limits: SessionLimits
  /** Envelopes waiting. */
  readonly backlog: number
  readonly oneTimeLeft: number
  readonly kemLeft: number
  /** False: the cursor of the hello meant nothing to this mailbox, and mail may be missing. */
  readonly resumed: boolean
}
export interface TokenBody {
  /** From the relay empty: send a new one. */
  readonly token: Bytes
}
export interface DrainBody {
  readonly closesInMs: number
  /** Spread the reconnect over this long. */
  readonly reconnectWithinMs: number
}
export interface ByeBody {
  /** A `RELAY_CODE`, or 0 from a client that simply leaves. */
  readonly code: number
}
export interface HeartbeatBody {
  /** 8 bytes, repeated in the pong. */
  readonly nonce: Bytes
}
export interface OkBody {
  /** Empty, or an answer of `frame-answers.ts`. */
  readonly body: Bytes
}
export interface NackBody {
  readonly code: number
  /** 0: nothing is known. */
  readonly retryAfterMs: number
}
export interface PublishBody {
  /** 16 random bytes: the same publication twice is taken once. */
  readonly publication: Bytes
  readonly certificate: Bytes
  readonly list: Bytes
  readonly signedPrekey: Bytes
  readonly lastResortKem: Bytes
  readonly oneTime: readonly Bytes[]
  readonly oneTimeKem: readonly Bytes[]
}
export interface DevicesBody {
  readonly accountId: Bytes
  /** 0: from the first statement. */
  readonly knownVersion: number
}
export interface ClaimBody {
  readonly accountId: Bytes
  /** 1 to 10. */
  readonly deviceIds: readonly Bytes[]
  /** Always empty for now. */
  readonly liveNonce: Bytes
}
export interface StockBody {
  readonly oneTimeLeft: number
  readonly kemLeft: number
  /** Claims served with the last-resort key since the last notice. */
  readonly lastResortUses: number
}
export interface HandleSetBody {
  /** A `HandleRecord`. */
  readonly record: Bytes
}
export interface HandleGetBody {
  readonly handle: string
}
export interface SubmitBody {
  /** 16 random bytes, the same in every retry. */
  readonly envelopeId: Bytes
  readonly accountId: Bytes
  readonly deviceId: Bytes
  /** When it may be dropped undelivered; 0: the relay's own age limit. */
  readonly expiresMs: number
  readonly body: Bytes
}
export interface AcceptedBody {
  readonly envelopeId: Bytes
  /** It was there already. */
  readonly repeated: boolean
}
export interface DeliverBody {
  readonly cursor: Bytes
  readonly envelopeId: Bytes
  readonly fromAccountId: Bytes
  readonly fromDeviceId: Bytes
  readonly acceptedAtMs: number
  readonly body: Bytes
}
export interface AckBody {
  /** Everything up to here is stored. */
  readonly cursor: Bytes
}
export interface SignalBody {
  readonly accountId: Bytes
  readonly deviceId: Bytes
  readonly body: Bytes
}
export interface SignalledBody {
  readonly fromAccountId: Bytes
  readonly fromDeviceId: Bytes
  readonly body: Bytes
}

/** Body of each frame by its name in `FRAME_TYPE`. */
export interface FrameBodies {
  readonly hello: HelloBody
  readonly challenge: ChallengeBody
  readonly proof: ProofBody
  readonly ready: ReadyBody
  readonly token: TokenBody
  readonly drain: DrainBody
  readonly bye: ByeBody
  readonly ping: HeartbeatBody
  readonly pong: HeartbeatBody
  readonly ok: OkBody
  readonly nack: NackBody
  readonly publish: PublishBody
  readonly devices: DevicesBody
  readonly claim: ClaimBody
  readonly stock: StockBody
  readonly handleSet: HandleSetBody
  readonly handleGet: HandleGetBody
  readonly submit: SubmitBody
  readonly accepted: AcceptedBody
  readonly deliver: DeliverBody
  readonly ack: AckBody
  readonly caughtUp: object
  readonly signal: SignalBody
  readonly signalled: SignalledBody
}
export type FrameName = keyof FrameBodies
/** Request number: from 1 upwards on each connection, repeated by the answer; 0: nobody asked. */
export type FrameOf<K extends FrameName> = { readonly type: K; readonly request: number } & FrameBodies[K]
/** One frame, told apart by `type`. */
export type Frame = { [K in FrameName]: FrameOf<K> }[FrameName]
