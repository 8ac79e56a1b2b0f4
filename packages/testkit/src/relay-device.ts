/**
 * A device that can talk to a relay frame by frame: real keys and signatures, no client. For tests that
 * send what a client never would. Not its concern: sockets, and what is inside an envelope.
 */
import {
  type Identity,
  type OwnPrekey,
  createIdentity,
  generatePrekey,
  signHandle,
  signLogin,
} from "@securechat/core/identity"
import { sha256 } from "@securechat/core/primitives"
import { type Bytes, type FrameOf, parseAccountId, parseDeviceId } from "@securechat/core/wire"

export interface RelayDeviceDeps {
  readonly random: (length: number) => Bytes
  readonly nowMs: () => number
}

export interface RelayDevice {
  readonly identity: Identity
  readonly accountId: Bytes
  readonly deviceId: Bytes
  /** `hello`, request 1. */
  hello(change?: Partial<FrameOf<"hello">>): FrameOf<"hello">
  /** `proof`, request 2, for a challenge that answered `hello`. */
  proof(challenge: FrameOf<"challenge">, change?: ProofChange): FrameOf<"proof">
  /** A first publication or a refill, with this many one-time keys of each kind. */
  publish(
    request: number,
    stock?: { readonly oneTime?: number; readonly oneTimeKem?: number },
  ): FrameOf<"publish">
  handleSet(request: number, handle: string, version?: number): FrameOf<"handleSet">
  submit(
    request: number,
    to: RelayDevice,
    body: Bytes,
    change?: Partial<FrameOf<"submit">>,
  ): FrameOf<"submit">
}
export interface ProofChange {
  readonly token?: Bytes
  readonly minVersion?: number
  readonly maxVersion?: number
  readonly origin?: string
}

/**
 * @param deps seeded randomness and a clock.
 * @param identity default: a new account with its first device.
 */
export const relayDevice = (
  deps: RelayDeviceDeps,
  identity: Identity = createIdentity(deps),
): RelayDevice => {
  const accountId = parseAccountId(identity.accountId)
  const deviceId = parseDeviceId(identity.deviceId)
  const prekey = (kind: OwnPrekey["statement"]["kind"]): Bytes =>
    generatePrekey(identity, kind, undefined, deps).statement.bytes
  const many = (kind: OwnPrekey["statement"]["kind"], count: number): readonly Bytes[] =>
    Array.from({ length: count }, () => prekey(kind))
  const signedPrekey = prekey("spk")
  const lastResortKem = prekey("pqspk")
  return {
    identity,
    accountId,
    deviceId,
    hello: (change = {}) => ({
      type: "hello",
      request: 1,
      minVersion: 1,
      maxVersion: 1,
      accountId,
      deviceId,
      cursor: new Uint8Array(0),
      ...change,
    }),
    proof: (challenge, { token = new Uint8Array(0), minVersion = 1, maxVersion = 1, origin } = {}) => {
      const { connection, nonce, timeMs, version } = challenge
      const statement = {
        origin: origin ?? challenge.origin,
        connection,
        nonce,
        timeMs,
        minVersion,
        maxVersion,
        version,
        accountId,
        deviceId,
        tokenHash: sha256(token),
      }
      const signature = signLogin(statement, identity)
      return { type: "proof", request: 2, signature, certificate: identity.certificate.bytes, token }
    },
    publish: (request, { oneTime = 3, oneTimeKem = 1 } = {}) => ({
      type: "publish",
      request,
      publication: deps.random(16),
      certificate: identity.certificate.bytes,
      list: identity.list.bytes,
      signedPrekey,
      lastResortKem,
      oneTime: many("opk", oneTime),
      oneTimeKem: many("pqopk", oneTimeKem),
    }),
    handleSet: (request, handle, version = 1) => {
      const previousHash = new Uint8Array(32)
      const fields = { handle, accountId, version, previousHash, timeMs: deps.nowMs() }
      return { type: "handleSet", request, record: signHandle(fields, identity).bytes }
    },
    submit: (request, to, body, change = {}) => ({
      type: "submit",
      request,
      envelopeId: deps.random(16),
      accountId: to.accountId,
      deviceId: to.deviceId,
      expiresMs: 0,
      body,
      ...change,
    }),
  }
}
