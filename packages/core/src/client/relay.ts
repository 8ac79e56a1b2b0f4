/**
 * The relay's frames over a link: sign-in, numbered requests with their answers, and what comes unasked.
 * Not its concern: when to connect (`runtime/connection.ts`), what deliveries mean (`inbox.ts`).
 */
import { equalBytes } from "../bytes/compare.ts"
import { utf8 } from "../bytes/text.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { Identity } from "../identity/keys.ts"
import { accountIdOfKey } from "../identity/ids.ts"
import { signLogin } from "../identity/statements.ts"
import { MAX_OPEN_REQUESTS, REQUEST_TIMEOUT_MS } from "../limits.ts"
import { sha256 } from "#primitives"
import type { ConnectionOptions } from "../runtime/connection.ts"
import type { Link } from "../runtime/link.ts"
import { type Deferred, type Timers, deferred, onAbort } from "../runtime/timers.ts"
import { BYE_LEAVING, closeCodeOf, retryAdvice } from "../wire/close-codes.ts"
import { frameCodec } from "../wire/frame.ts"
import type { Frame, FrameBodies, FrameName, FrameOf } from "../wire/frame-types.ts"
import { PROTOCOL_VERSION, RELAY_CODE } from "../wire/tags.ts"
import { parseAccountId, parseDeviceId } from "../wire/address.ts"
import type { OutboxEntry } from "./records.ts"
import { relayError } from "./relay-errors.ts"

/** Frames that answer nothing. */
type UnaskedName = "deliver" | "caughtUp" | "signalled" | "stock"
export type Unasked = { readonly [K in UnaskedName]: FrameOf<K> }[UnaskedName]
export interface RelayHooks {
  readonly identity: () => Identity
  /** Up to here everything is stored. */
  readonly cursor: () => Bytes
  readonly token: (reason: "connect" | "expired") => Promise<string | undefined>
  readonly onUnasked: (frame: Unasked) => void
}

interface Open {
  readonly asked: FrameName
  readonly answer: Deferred<Frame>
}

export type Login = FrameBodies["ready"]

export class Relay {
  readonly #hooks: RelayHooks
  readonly #deps: Deps
  readonly #timers: Timers
  readonly #open = new Map<number, Open>()
  #link: Link | undefined
  #lastRequest = 0
  #signedIn = false
  #expired = false
  #drainWithinMs = 0

  constructor(hooks: RelayHooks, deps: Deps, timers: Timers) {
    this.#hooks = hooks
    this.#deps = deps
    this.#timers = timers
  }

  /** Signed in: requests make sense. Also while what waited is still being read. */
  get usable(): boolean {
    return this.#link !== undefined && this.#signedIn
  }

  get link(): Link | undefined {
    return this.#link
  }

  /** Signs in on a fresh link. @throws ERR_AUTH_…, ERR_TRANSPORT_PROTOCOL, ERR_VERSION_UNSUPPORTED */
  async login(link: Link): Promise<Login> {
    this.#link = link
    this.#lastRequest = 0
    this.#signedIn = false
    const own = this.#hooks.identity()
    const ids = { accountId: accountIdOfKey(own.certificate.accountKey), deviceId: own.certificate.deviceId }
    const versions = { minVersion: PROTOCOL_VERSION, maxVersion: PROTOCOL_VERSION }
    const cursor = this.#hooks.cursor()
    const challenge = await this.request("challenge", { type: "hello", ...versions, ...ids, cursor })
    this.#checkChallenge(challenge, link)
    const token = utf8((await this.#hooks.token(this.#expired ? "expired" : "connect")) ?? "")
    this.#expired = false
    const statement = { ...challenge, ...versions, ...ids, tokenHash: sha256(token) }
    const proof = { signature: signLogin(statement, own), certificate: own.certificate.bytes, token }
    const ready = await this.request("ready", { type: "proof", ...proof })
    this.#signedIn = true
    return ready
  }

  /**
   * Sends a numbered request and gives its answer of the wanted type.
   *
   * @throws ERR_TRANSPORT_CLOSED, ERR_TIMEOUT, ERR_RATE_LIMITED, and what the relay's nack means.
   */
  async request<A extends FrameName, Q extends FrameName>(
    wanted: A,
    body: { readonly type: Q } & FrameBodies[Q],
  ): Promise<FrameOf<A>> {
    const link = this.#link
    // Work that began on the last link must not speak on the next before it has signed in: the relay takes that for
    // another protocol, and says that trying again is pointless (simulation, seed 25).
    const early = body.type === "hello" || body.type === "proof"
    if (link === undefined || !(this.#signedIn || early))
      throw new SecureChatError("ERR_TRANSPORT_CLOSED", "not connected to the relay")
    if (this.#open.size >= MAX_OPEN_REQUESTS)
      throw new SecureChatError("ERR_RATE_LIMITED", "too many requests at once", { retryAfterMs: 1_000 })
    const request = ++this.#lastRequest
    const answer = deferred<Frame>()
    const cancel = this.#timers.after(REQUEST_TIMEOUT_MS, () => {
      answer.reject(new SecureChatError("ERR_TIMEOUT", `no answer to ${body.type}`))
    })
    const release = onAbort(link.signal, () => {
      answer.reject(link.signal.reason)
    })
    this.#open.set(request, { asked: body.type, answer })
    try {
      await link.send(frameCodec.encode({ request, ...body } as unknown as Frame))
      const frame = await answer.promise
      if (frame.type !== wanted)
        throw new SecureChatError("ERR_TRANSPORT_PROTOCOL", `${frame.type} in answer to ${body.type}`)
      return frame as FrameOf<A>
    } finally {
      cancel()
      release()
      this.#open.delete(request)
    }
  }

  /** Leaves an envelope in the mailbox of a device. @throws as `request` */
  async submit(out: Pick<OutboxEntry, "envelopeId" | "account" | "device" | "envelope">): Promise<void> {
    await this.request("accepted", {
      type: "submit",
      envelopeId: out.envelopeId,
      accountId: parseAccountId(out.account),
      deviceId: parseDeviceId(out.device),
      expiresMs: 0,
      body: out.envelope,
    })
  }

  /** Sends what has no answer; nothing where nobody is signed in. */
  post<Q extends FrameName>(body: { readonly type: Q } & FrameBodies[Q]): void {
    if (this.#signedIn) this.#link?.post(frameCodec.encode({ request: 0, ...body } as unknown as Frame))
  }

  /** The part of a connection's handlers that is about frames. */
  readonly handlers: Required<Pick<ConnectionOptions["handlers"], "onFrame" | "ping" | "onEnd" | "leave">> = {
    onFrame: (bytes, link) => {
      const frame = decoded(bytes)
      if (frame !== undefined) this.#onFrame(frame, link)
    },
    ping: () => {
      this.post({ type: "ping", nonce: this.#deps.random(8) })
    },
    onEnd: (link) => {
      if (this.#link !== link) return
      this.#link = undefined
      this.#signedIn = false
    },
    leave: async (link) => {
      await link.send(frameCodec.encode({ type: "bye", request: 0, code: BYE_LEAVING }))
    },
  }

  #onFrame(frame: Frame, link: Link): void {
    if (frame.request !== 0 && this.#answer(frame)) return
    switch (frame.type) {
      case "deliver":
      case "caughtUp":
      case "signalled":
      case "stock":
        if (this.#signedIn || frame.type === "deliver") this.#hooks.onUnasked(frame)
        return
      case "ping":
        this.post({ type: "pong", nonce: frame.nonce })
        return
      case "token":
        void this.#renewToken()
        return
      case "drain":
        this.#drainWithinMs = frame.reconnectWithinMs
        return
      case "bye":
        this.#onBye(frame.code, link)
        return
      default:
      // Pongs are signs of life by arriving; answers nobody waits for any more mean nothing.
    }
  }

  #answer(frame: Frame): boolean {
    const open = this.#open.get(frame.request)
    if (open === undefined) return false
    if (frame.type === "nack") open.answer.reject(relayError(frame.code, open.asked, frame.retryAfterMs))
    else {
      // What follows `ready` in the same turn is meant for a client that is signed in.
      if (frame.type === "ready") this.#signedIn = true
      open.answer.resolve(frame)
    }
    return true
  }

  #onBye(code: number, link: Link): void {
    if (code === RELAY_CODE.expired) this.#expired = true
    // A draining relay asks its clients to come back spread over a while.
    const spread = code === RELAY_CODE.draining ? this.#drainWithinMs * Math.max(0.05, this.#uniform()) : 0
    this.#drainWithinMs = 0
    const error = relayError(code, this.#signedIn ? undefined : "hello", Math.floor(spread))
    link.end({ retry: retryAdvice(closeCodeOf(code)), error })
  }

  #uniform(): number {
    return (this.#deps.random(1)[0] ?? 0) / 256
  }

  async #renewToken(): Promise<void> {
    try {
      const token = (await this.#hooks.token("expired")) ?? ""
      await this.request("ok", { type: "token", token: utf8(token) })
    } catch (error) {
      this.#link?.fail(error)
    }
  }

  #checkChallenge(challenge: FrameOf<"challenge">, link: Link): void {
    const dialled = link.transport.origin
    // Else a relay in the middle passes on another relay's challenge and signs in as us.
    if (dialled !== undefined && !equalBytes(utf8(dialled), utf8(challenge.origin)))
      throw new SecureChatError("ERR_TRANSPORT_PROTOCOL", "the relay calls itself by another address", {
        hint: "Check its address and its `behindProxy` option.",
      })
    if (challenge.version !== PROTOCOL_VERSION)
      throw new SecureChatError("ERR_VERSION_UNSUPPORTED", `the relay chose version ${challenge.version}`)
  }
}

/** Unknown frames of a newer relay are ignored; anything else that is wrong ends the link. */
const decoded = (bytes: Uint8Array): Frame | undefined => {
  try {
    return frameCodec.decode(bytes)
  } catch (cause) {
    if (SecureChatError.is(cause, "ERR_VERSION_UNSUPPORTED")) return undefined
    throw new SecureChatError("ERR_TRANSPORT_PROTOCOL", "not the relay's protocol", {
      cause,
    })
  }
}
