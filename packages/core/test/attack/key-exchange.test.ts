/** Rows A of the attack catalogue that need no relay: the machine alone, with its state compared after each refusal. */
import { describe, expect, it } from "vitest"
import { EMPTY } from "../../src/bytes/concat.ts"
import { toHex } from "../../src/bytes/text.ts"
import type { Bytes } from "../../src/deps.ts"
import { respond } from "../../src/handshake/responder.ts"
import { accountIdOfKey, deviceListHash } from "../../src/identity/ids.ts"
import type { Identity } from "../../src/identity/keys.ts"
import { safetyNumber, scanMatches } from "../../src/identity/safety-number.ts"
import { type Pin, firstSeen, observe, verify } from "../../src/identity/trust.ts"
import { securityOf } from "../../src/session/security.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import type { Bundle } from "../../src/wire/prekey.ts"
import { Party, openedTexts } from "../support/party.ts"
import { refused } from "../support/ratchet-side.ts"
import { Seeded } from "../support/seeded.ts"

const pinOf = (own: Identity): Pin => ({
  accountId: accountIdOfKey(own.certificate.accountKey),
  accountKey: own.certificate.accountKey,
})
const since = new Date(0)
const untouched = (party: Party, bytes: Uint8Array, code: unknown): void => {
  const [before, keys] = [party.stored(), party.prekeys.size]
  expect(() => party.receive(bytes)).toThrow(refused(code))
  expect([party.stored(), party.prekeys.size]).toEqual([before, keys])
}

describe("key exchange under attack", () => {
  it("[A1] a key swapped at first contact is yellow, never green, and the safety numbers differ", () => {
    const [alice, bob, mallory] = [new Party(1), new Party(2), new Party(3)]
    alice.begin(mallory.bundle())
    const trust = firstSeen("bob", pinOf(mallory.own))
    const facts = { link: alice.link, trust, devices: "proven", subject: undefined } as const
    expect(securityOf(facts, since).level).toBe("yellow")
    const shown = safetyNumber(alice.own.public, mallory.own.public)
    expect(shown.digits).not.toBe(safetyNumber(bob.own.public, alice.own.public).digits)
    expect(scanMatches(shown, safetyNumber(bob.own.public, alice.own.public).qr)).toBe(false)
  })

  it("[A9] a first message opens once: not again after its one-time key is used, nor after a restart", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    alice.begin(bob.bundle())
    const first = alice.sendText("hi")
    expect(openedTexts(bob.receive(first))).toEqual(["hi"])
    untouched(bob, first, "ERR_DUPLICATE")
    bob.restart()
    untouched(bob, first, "ERR_DUPLICATE")
    expect(bob.link.sessions).toHaveLength(1)
  })

  it("[A9] a first message under the last-resort key opens once too", () => {
    const [alice, bob] = [new Party(1), new Party(2, 0)]
    alice.begin(bob.bundle())
    const first = alice.sendText("hi")
    bob.receive(first)
    bob.step({ type: "reset" })
    untouched(bob, first, "ERR_DUPLICATE")
  })

  it("[A11] a prekey that is unknown or was deleted opens nothing and says so", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    const bundle = bob.bundle()
    alice.begin(bundle)
    const first = alice.sendText("hi")
    bob.prekeys.delete(bundle.spk.keyId)
    untouched(bob, first, "ERR_NO_SESSION")
  })

  it("[A12] stripping the one-time prekey, the KEM flag or the suite from a first message leads nowhere", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    alice.begin(bob.bundle())
    const first = alice.sendText("hi")
    // 59: hsLen, 61: suite, 63: hsFlags
    for (const [at, flip] of [
      [62, 2],
      [63, 0b00001],
      [63, 0b00010],
      [63, 0b10000],
      [63, 0b100000],
    ] as const) {
      const changed = first.slice()
      changed[at] = (changed[at] ?? 0) ^ flip
      untouched(
        bob,
        changed,
        expect.stringMatching(/^ERR_(VERSION_UNSUPPORTED|HANDSHAKE_FAILED|AUTHENTICATION|DECODE)$/),
      )
    }
    expect(openedTexts(bob.receive(first))).toEqual(["hi"])
  })

  it("[A12] a stripped one-time key in the bundle changes the keys, so that nobody can hide having stripped it", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    const bundle: Bundle = { ...bob.bundle(), opk: undefined }
    alice.begin(bundle)
    expect(decodeEnvelope(alice.sendText("hi")).handshake?.opkId).toBe(0)
  })

  it("[A13] a thousand middlemen never show the number of the two", () => {
    const [alice, bob] = [new Party(1, 0), new Party(2, 0)]
    const truth = safetyNumber(alice.own.public, bob.own.public)
    const [id, key] = [toHex(pinOf(bob.own).accountId), toHex(pinOf(bob.own).accountKey)]
    const middleman = new Seeded(100)
    for (let guess = 0; guess < 1000; guess++) {
      const scanned = middleman.bytes(65)
      scanned[0] = 1
      expect(scanMatches(truth, scanned)).toBe(false)
    }
    // An id never stands for a key: they differ in type, length and derivation.
    expect(key.startsWith(id)).toBe(false)
  })

  it("[A13] two identities of one kind never compare equal to another kind", () => {
    const bob = new Party(2)
    const accountId = accountIdOfKey(bob.own.certificate.accountKey)
    expect(accountIdOfKey(bob.own.certificate.signingKey)).not.toEqual(accountId)
    expect(toHex(bob.own.certificate.deviceId)).not.toBe(toHex(accountId.slice(0, 16)))
  })

  it("[A15] who holds Bob's long-term keys, but no signed prekey, cannot pose as Alice to him", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    const thief = new Party(3)
    const bundle = bob.bundle()
    alice.begin(bundle)
    const honest = decodeEnvelope(alice.sendText("hi")).handshake
    if (honest === undefined) throw new Error("no block")
    // The thief answers with Alice's block, Bob's DIK and DSK, and prekeys of his own making.
    const keys = { spk: thief.spk, opk: thief.oneTime.opk[0], pq: thief.oneTime.pqopk[0] ?? thief.pqspk }
    const ownListHash = deviceListHash(bob.own.list.body)
    const guessed = respond({ own: bob.own, block: honest, keys, context: EMPTY, fresh: EMPTY, ownListHash })
    const [session] = alice.link.sessions
    expect(guessed.secrets.sessionId).not.toEqual(session?.id)
    expect(guessed.secrets.rootKey.expose()).not.toEqual(session?.ratchet.rootKey.expose())
  })

  it("[A18] both start at once and one first message can never be opened: both end on the other session", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    alice.begin(bob.bundle())
    bob.begin(alice.bundle())
    const [lost, arrives] = [alice.sendText("lost"), bob.sendText("arrives")]
    expect(lost.length).toBeGreaterThan(0)
    expect(openedTexts(alice.receive(arrives))).toEqual(["arrives"])
    for (let i = 0; i < 3; i++) {
      expect(openedTexts(bob.receive(alice.sendText(`a${i}`)))).toEqual([`a${i}`])
      expect(openedTexts(alice.receive(bob.sendText(`b${i}`)))).toEqual([`b${i}`])
    }
    const sidOf = (bytes: Bytes): string => toHex(decodeEnvelope(bytes).sessionId)
    expect(sidOf(alice.sendText("x"))).toBe(sidOf(bob.sendText("y")))
  })

  it("[A20] verified Mallory behind Bob's name is yellow at first contact and red where Bob was pinned", () => {
    const [alice, bob, mallory] = [new Party(1), new Party(2), new Party(3)]
    alice.begin(mallory.bundle())
    const verifiedMallory = verify(
      firstSeen("mallory", pinOf(mallory.own)),
      mallory.own.certificate.accountKey,
      "number",
      1,
    )
    const level = (trust: typeof verifiedMallory): readonly [string, string] => {
      const status = securityOf({ link: alice.link, trust, devices: "proven", subject: undefined }, since)
      return [status.level, status.reason]
    }
    expect(level(verifiedMallory)).toEqual(["green", "verified"])
    expect(level({ ...verifiedMallory, name: "bob" })).toEqual(["yellow", "unverified"])
    expect(level(observe(firstSeen("bob", pinOf(bob.own)), pinOf(mallory.own)))).toEqual([
      "red",
      "identity-changed",
    ])
  })
})
