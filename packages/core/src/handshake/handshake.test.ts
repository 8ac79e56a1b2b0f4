import { describe, expect, it } from "vitest"
import { Party } from "../../test/support/party.ts"
import { EMPTY, concat } from "../bytes/concat.ts"
import { utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { signCertificate, signDeviceList } from "../identity/certificate.ts"
import { certificateHash, deviceListHash } from "../identity/ids.ts"
import type { Identity } from "../identity/keys.ts"
import { generatePrekey } from "../identity/prekeys.ts"
import { ed25519Sign } from "#primitives"
import { LABELS, labelled } from "../primitives/labels.ts"
import { type HandshakeBlock, encodeHandshake, handshakeCodec } from "../wire/handshake.ts"
import { type Bundle, prekeyBody, prekeyCodec } from "../wire/prekey.ts"
import { type Initiated, initiate } from "./initiator.ts"
import { type RespondInput, type Responded, firstMessageHash, respond } from "./responder.ts"

const NONE = new Uint8Array(16)
const alice = new Party(41)
const bob = new Party(42, 40)
const failed = expect.objectContaining({ code: "ERR_HANDSHAKE_FAILED" })

const begin = (bundle: Bundle = bob.bundle(), context: Bytes = EMPTY): Initiated =>
  initiate({ own: alice.own, bundle, context, source: { mode: "stored" }, replaces: NONE }, alice.deps)

const keysFor = (party: Party, block: HandshakeBlock): RespondInput["keys"] => {
  const [spk, pq] = [party.prekeys.get(block.spkId), party.prekeys.get(block.pqId)]
  if (spk === undefined || pq === undefined) throw new Error("unknown prekey")
  return { spk, opk: block.opkId === 0 ? undefined : party.prekeys.get(block.opkId), pq }
}
const answer = (made: Initiated, change: Partial<RespondInput> = {}): Responded => {
  const block = handshakeCodec.decode(made.block)
  const keys = change.keys ?? keysFor(bob, block)
  const ownListHash = deviceListHash(bob.own.list.body)
  return respond({ own: bob.own, block, context: EMPTY, fresh: EMPTY, ownListHash, ...change, keys })
}
const changedBlock = (made: Initiated, change: Partial<HandshakeBlock>): HandshakeBlock =>
  handshakeCodec.decode(encodeHandshake({ ...handshakeCodec.decode(made.block), ...change }))

describe("a handshake", () => {
  it("gives both sides the same secrets, and each the other's identity", () => {
    const made = begin()
    const got = answer(made)
    expect(got.secrets.sessionId).toEqual(made.secrets.sessionId)
    expect(got.secrets.rootKey.expose()).toEqual(made.secrets.rootKey.expose())
    expect(got.secrets.exporter.expose()).toEqual(made.secrets.exporter.expose())
    expect(got.peer.accountKey).toEqual(alice.own.certificate.accountKey)
    expect(made.peer.accountKey).toEqual(bob.own.certificate.accountKey)
  })

  it("works without a one-time prekey and with the last-resort KEM key, and says that it is reduced", () => {
    const poor = new Party(43, 0)
    const made = begin(poor.bundle())
    const block = handshakeCodec.decode(made.block)
    const got = answer(made, {
      own: poor.own,
      keys: keysFor(poor, block),
      ownListHash: deviceListHash(poor.own.list.body),
    })
    expect(got.secrets.sessionId).toEqual(made.secrets.sessionId)
    expect([made.reduced, got.reduced, block.opkId, block.oneTimeKem]).toEqual([true, true, 0, false])
    expect(begin().reduced).toBe(false)
  })

  it("leads elsewhere when anything of the transcript differs", () => {
    const made = begin()
    const same = answer(made).secrets.sessionId
    expect(answer(made, { context: utf8("another room") }).secrets.sessionId).not.toEqual(same)
    expect(answer(made, { fresh: new Uint8Array(32) }).secrets.sessionId).not.toEqual(same)
    expect(answer(made, { ownListHash: new Uint8Array(32) }).secrets.sessionId).not.toEqual(same)
    const other = begin()
    const { kemCiphertext } = handshakeCodec.decode(other.block)
    expect(answer(made, { block: changedBlock(made, { kemCiphertext }) }).secrets.sessionId).not.toEqual(same)
    const block = changedBlock(made, { ephemeralKey: handshakeCodec.decode(other.block).ephemeralKey })
    expect(answer(made, { block }).secrets.sessionId).not.toEqual(same)
  })

  it("[A22] refuses an unfranked first message", () => {
    const made = begin()
    expect(() => answer(made, { block: changedBlock(made, { unfranked: true }) })).toThrow(failed)
  })

  it("[A4] refuses a session with oneself, on both sides", () => {
    expect(() => begin(alice.bundle())).toThrow(failed)
    const made = begin()
    const block = handshakeCodec.decode(made.block)
    expect(() => answer(made, { own: alice.own, block })).toThrow(failed)
  })

  it("[A7] refuses keys of other kinds than the block names", () => {
    const made = begin()
    const block = handshakeCodec.decode(made.block)
    const keys = keysFor(bob, block)
    expect(() => answer(made, { keys: { ...keys, pq: bob.pqspk } })).toThrow(failed)
    expect(() => answer(made, { keys: { ...keys, spk: bob.pqspk } })).toThrow(failed)
    expect(() => answer(made, { keys: { ...keys, opk: undefined } })).toThrow(failed)
    expect(() => answer(made, { keys: { ...keys, opk: bob.spk } })).toThrow(failed)
  })

  it("[A12] refuses keys in another mode, or with another nonce, than they were made for", () => {
    const nonces = [alice.deps.random(32), alice.deps.random(32)] as const
    const made = begin({ ...bob.bundle(), opk: undefined })
    const live = (binding: Bytes): RespondInput["keys"] => ({
      spk: generatePrekey(bob.own, "spk", binding, bob.deps),
      opk: undefined,
      pq: generatePrekey(bob.own, "pqopk", binding, bob.deps),
    })
    const stored = keysFor(bob, handshakeCodec.decode(made.block))
    const inChannel = changedBlock(made, { channelNonces: nonces })
    const onDemand = changedBlock(made, { liveNonce: nonces[0] })
    for (const block of [inChannel, onDemand])
      expect(() => answer(made, { block, keys: stored })).toThrow(failed)
    expect(() => answer(made, { keys: live(nonces[1]) })).toThrow(failed)
    expect(() => answer(made, { block: inChannel, keys: live(nonces[0]) })).toThrow(failed)
    expect(() => answer(made, { block: inChannel, keys: { ...live(nonces[1]), pq: stored.pq } })).toThrow(
      failed,
    )
    expect(answer(made, { block: inChannel, keys: live(nonces[1]) }).reduced).toBe(false)
    expect(answer(made, { block: onDemand, keys: live(nonces[0]) }).reduced).toBe(false)
  })

  it("gives both sides the same secrets in a channel, and others under another pair of hellos", () => {
    const nonces = [alice.deps.random(32), alice.deps.random(32)] as const
    const fresh = alice.deps.random(32)
    const keys = {
      spk: generatePrekey(bob.own, "spk", nonces[1], bob.deps),
      opk: undefined,
      pq: generatePrekey(bob.own, "pqopk", nonces[1], bob.deps),
    }
    const { certificate, list } = bob.own
    const bundle = { certificate, list, spk: keys.spk.statement, opk: undefined, pq: keys.pq.statement }
    const [initiatorNonce, responderNonce] = nonces
    const source = { mode: "channel", initiatorNonce, responderNonce, fresh } as const
    const made = initiate({ own: alice.own, bundle, context: EMPTY, source, replaces: NONE }, alice.deps)
    expect(answer(made, { keys, fresh }).secrets.sessionId).toEqual(made.secrets.sessionId)
    expect(answer(made, { keys, fresh: nonces[0] }).secrets.sessionId).not.toEqual(made.secrets.sessionId)
    const elsewhere = { ...source, responderNonce: nonces[0] }
    expect(() =>
      initiate({ own: alice.own, bundle, context: EMPTY, source: elsewhere, replaces: NONE }, alice.deps),
    ).toThrow(failed)
  })

  it("[A8] refuses a signed KEM prekey that fails the modulus check, and makes nothing of it", () => {
    const bundle = bob.bundle()
    const body = prekeyBody({ ...bundle.pq, publicKey: new Uint8Array(1184).fill(0xff) })
    const signature = ed25519Sign(bob.own.signingSecret.expose(), labelled(LABELS.sigPqopk, body))
    expect(() => begin({ ...bundle, pq: prekeyCodec.decode(concat(body, signature)) })).toThrow(failed)
  })

  it("[A5] refuses a low-order key in every position", () => {
    const low = new Uint8Array(32)
    const made = begin()
    expect(() => answer(made, { block: changedBlock(made, { ephemeralKey: low }) })).toThrow(failed)
    const evil = withDhKey(alice.own, low)
    const block = changedBlock(made, { certificate: evil.certificate, list: evil.list })
    expect(() => answer(made, { block })).toThrow(failed)
    const bundle = bob.bundle()
    const bad = withDhKey(bob.own, low)
    expect(() => begin({ ...bundle, certificate: bad.certificate, list: bad.list })).toThrow(failed)
  })

  it("refuses a suite it does not know", () => {
    const made = begin()
    expect(() => answer(made, { block: changedBlock(made, { suite: 2 }) })).toThrow(
      expect.objectContaining({ code: "ERR_VERSION_UNSUPPORTED" }),
    )
  })

  it("[A3] refuses a certificate that names another account's key", () => {
    const mallory = new Party(44)
    const made = begin()
    const certificate = { ...mallory.own.certificate }
    expect(() => answer(made, { block: changedBlock(made, { certificate }) })).toThrow(failed)
    const block = changedBlock(made, { certificate: mallory.own.certificate, list: mallory.own.list })
    expect(answer(made, { block }).secrets.sessionId).not.toEqual(made.secrets.sessionId)
  })

  it("is told from its replay by the ephemeral key alone", () => {
    const made = begin()
    const hash = firstMessageHash(handshakeCodec.decode(made.block))
    expect(firstMessageHash(changedBlock(made, { replaces: new Uint8Array(16).fill(1) }))).toEqual(hash)
    expect(firstMessageHash(handshakeCodec.decode(begin().block))).not.toEqual(hash)
  })
})

/** The same account with a DH identity key of somebody's choice, properly signed. */
const withDhKey = (own: Identity, dhKey: Bytes): Pick<Identity, "certificate" | "list"> => {
  const [account, device] = [own.accountSecret.expose(), own.signingSecret.expose()]
  const certificate = signCertificate({ ...own.certificate, dhKey }, account, device)
  const listed = own.list.devices.map((entry) => ({ ...entry, certHash: certificateHash(certificate.body) }))
  return { certificate, list: signDeviceList({ ...own.list, devices: listed }, account) }
}
