import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { Party } from "../../test/support/party.ts"
import { seededDeps } from "../../test/support/seeded.ts"
import { SecureChatError } from "../errors.ts"
import { PREKEY_SKEW_MS, SIGNED_PREKEY_LIFETIME_MS } from "../limits.ts"
import { certificateCodec } from "../wire/certificate.ts"
import { type DeviceListFields, deviceListCodec } from "../wire/device-list.ts"
import { prekeyCodec } from "../wire/prekey.ts"
import { SUITE_1 } from "../wire/tags.ts"
import {
  checkCertificate,
  checkDevice,
  checkDeviceList,
  continuesList,
  listsDevice,
  signCertificate,
  signDeviceList,
} from "./certificate.ts"
import { accountIdOfKey, deviceListHash, directConversationId } from "./ids.ts"
import { accountIdOf, createIdentity, identityCodec, publicIdentity } from "./keys.ts"
import { type BundleExpectation, checkBundle, checkPrekey, generatePrekey } from "./prekeys.ts"
import { compareScanned, safetyNumber } from "./safety-number.ts"
import { signHandle, signLogin, verifyHandle, verifyLogin } from "./statements.ts"

const failed = (details: object): object =>
  expect.objectContaining({ code: "ERR_HANDSHAKE_FAILED", details }) as object
const alice = new Party(21)
const bob = new Party(22)
const { own } = alice

describe("an identity", () => {
  it("is a certified device from the start", () => {
    expect(() => {
      checkDevice(own.certificate, own.list)
    }).not.toThrow()
    expect(accountIdOf(own.public)).toBe(own.accountId)
    expect(publicIdentity.decode(own.public.bytes)).toEqual(own.public)
  })

  it("comes back from its stored form", () => {
    const bytes = identityCodec.encode(own)
    expect(identityCodec.encode(identityCodec.decode(bytes))).toEqual(bytes)
  })

  it("shows itself in bytes that are read back as they were", () => {
    expect(publicIdentity.decode(publicIdentity.encode(own.public))).toEqual(own.public)
  })

  it("never gives a prekey the id 0, which stands for none", () => {
    let zeros = 1
    const random = (length: number): ReturnType<typeof alice.deps.random> =>
      length === 4 && zeros-- > 0 ? new Uint8Array(4) : alice.deps.random(length)
    const made = generatePrekey(own, "opk", undefined, { ...alice.deps, random, nowMs: () => 1 })
    expect(made.statement.keyId).toBeGreaterThan(0)
  })

  it("prints no secret", () => {
    const secret = Buffer.from(own.accountSecret.expose()).toString("hex")
    const printed = inspect(own, { depth: 9 }) + JSON.stringify(own) + String(own.accountSecret)
    expect(printed).toContain("[secret]")
    expect(printed).not.toContain(secret)
    expect(JSON.stringify(own.signingSecret)).toBe('"[secret]"')
  })

  it("is another one with other randomness", () => {
    expect(createIdentity(seededDeps(77)).accountId).not.toBe(createIdentity(seededDeps(78)).accountId)
    expect(createIdentity().accountId).toMatch(/^sc1/)
  })
})

describe("a certificate", () => {
  const flipped = (at: number): Uint8Array => {
    const bytes = own.certificate.bytes.slice()
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
  it("is refused with any byte of it changed", () => {
    for (let at = 2; at < 252; at += 5) {
      let code = ""
      try {
        checkCertificate(certificateCodec.decode(flipped(at)))
      } catch (error) {
        if (SecureChatError.is(error)) code = error.code
      }
      expect(code, `byte ${at}`).toMatch(/^ERR_(HANDSHAKE_FAILED|DECODE)$/)
    }
  })

  it("is refused when a device takes another device's id", () => {
    const fields = { ...own.certificate, deviceId: bob.own.certificate.deviceId }
    const stolen = signCertificate(fields, own.accountSecret.expose(), own.signingSecret.expose())
    expect(() => {
      checkCertificate(stolen)
    }).toThrow(failed({ cause: "cert" }))
  })

  it("is refused when an account signs a device that did not agree", () => {
    const fields = { ...own.certificate, ...bob.own.certificate, accountKey: own.certificate.accountKey }
    const claimed = signCertificate(fields, own.accountSecret.expose(), own.signingSecret.expose())
    expect(() => {
      checkCertificate(claimed)
    }).toThrow(failed({ cause: "cert" }))
  })
})

describe("a device list", () => {
  const signed = (change: Partial<DeviceListFields>): ReturnType<typeof signDeviceList> =>
    signDeviceList({ ...own.list, ...change }, own.accountSecret.expose())
  const check = (change: Partial<DeviceListFields>) => () => {
    checkDeviceList(signed(change), own.certificate.accountKey)
  }
  it("is refused for another account, at version 0, or without its chain", () => {
    const other = accountIdOfKey(bob.own.certificate.accountKey)
    expect(check({ accountId: other })).toThrow(failed({ cause: "cert" }))
    expect(check({ version: 0 })).toThrow(failed({ cause: "cert" }))
    expect(check({ version: 2 })).toThrow(failed({ cause: "cert" }))
    expect(check({ previousHash: new Uint8Array(32).fill(1) })).toThrow(failed({ cause: "cert" }))
    expect(check({})).not.toThrow()
  })

  it("is refused under another account's signature", () => {
    const forged = signDeviceList(own.list, bob.own.accountSecret.expose())
    expect(() => {
      checkDeviceList(forged, own.certificate.accountKey)
    }).toThrow(failed({ cause: "cert" }))
  })

  it("names its devices, and no revoked one", () => {
    const { deviceId } = own.certificate
    const revoked = signed({ revoked: [{ deviceId, atMs: 9, reason: 1 }] })
    expect(listsDevice(own.list, own.certificate)).toBe(true)
    expect(listsDevice(revoked, own.certificate)).toBe(false)
    expect(listsDevice(own.list, bob.own.certificate)).toBe(false)
    expect(() => {
      checkDevice(own.certificate, revoked)
    }).toThrow(failed({ cause: "cert" }))
  })

  it("continues only the list whose hash it names", () => {
    const next = signed({ version: 2, previousHash: deviceListHash(own.list.body) })
    expect(continuesList(own.list, next)).toBe(true)
    expect(continuesList(next, own.list)).toBe(false)
    expect(continuesList(bob.own.list, next)).toBe(false)
    expect(deviceListCodec.decode(next.bytes)).toEqual(next)
  })
})

describe("a bundle", () => {
  const { deps } = bob
  const expected: BundleExpectation = { binding: undefined, nowMs: deps.nowMs() }
  const check =
    (bundle: ReturnType<Party["bundle"]>, expectation = expected) =>
    () => {
      checkBundle(bundle, expectation)
    }
  it("is taken when everything in it is its device's own", () => {
    expect(check(bob.bundle())).not.toThrow()
  })

  it("is refused with a prekey of another device", () => {
    expect(check({ ...bob.bundle(), spk: alice.spk.statement })).toThrow(failed({ cause: "cert" }))
  })

  it("is refused with a prekey whose signature does not hold", () => {
    const bytes = bob.spk.statement.bytes.slice()
    bytes[bytes.length - 70] = (bytes[bytes.length - 70] ?? 0) ^ 1
    expect(check({ ...bob.bundle(), spk: prekeyCodec.decode(bytes) })).toThrow(failed({ cause: "cert" }))
  })

  it("is refused after its dates and a day of skew", () => {
    const end = deps.nowMs() + SIGNED_PREKEY_LIFETIME_MS + PREKEY_SKEW_MS
    expect(check(bob.bundle(), { binding: undefined, nowMs: end })).not.toThrow()
    expect(check(bob.bundle(), { binding: undefined, nowMs: end + 1 })).toThrow(
      failed({ cause: "prekey-expired" }),
    )
    expect(check(bob.bundle(), { binding: undefined, nowMs: deps.nowMs() - PREKEY_SKEW_MS - 1 })).toThrow(
      failed({ cause: "prekey-expired" }),
    )
  })

  it("is refused live where a stored one belongs, stored where a live one does, and with another nonce", () => {
    const nonce = deps.random(32)
    const live = (binding: typeof nonce): ReturnType<Party["bundle"]> => ({
      ...bob.bundle(),
      opk: undefined,
      spk: generatePrekey(bob.own, "spk", binding, deps).statement,
      pq: generatePrekey(bob.own, "pqopk", binding, deps).statement,
    })
    expect(check(live(nonce), { binding: nonce, nowMs: 0 })).not.toThrow()
    expect(check(live(nonce))).toThrow(failed({ cause: "cert" }))
    expect(check(bob.bundle(), { binding: nonce, nowMs: deps.nowMs() })).toThrow(failed({ cause: "cert" }))
    expect(check(live(nonce), { binding: deps.random(32), nowMs: 0 })).toThrow(failed({ cause: "cert" }))
  })

  it("is refused when a prekey claims a longer life than its kind may have", () => {
    const { statement } = bob.spk
    expect(() => {
      checkPrekey({ ...statement, notAfterMs: statement.notAfterMs + 1 }, bob.own.certificate)
    }).toThrow(failed({ cause: "cert" }))
    expect(() => {
      checkPrekey({ ...statement, notAfterMs: statement.notBeforeMs }, bob.own.certificate)
    }).toThrow(failed({ cause: "cert" }))
  })

  it("is a downgrade without a suite of ours", () => {
    const spk = { ...bob.spk.statement, suites: [SUITE_1 + 1] }
    expect(check({ ...bob.bundle(), spk })).toThrow(
      expect.objectContaining({ code: "ERR_VERSION_UNSUPPORTED", details: { cause: "downgrade" } }),
    )
  })
})

describe("a safety number", () => {
  it("is the same from both sides, 60 digits in 12 groups", () => {
    const [mine, theirs] = [
      safetyNumber(own.public, bob.own.public),
      safetyNumber(bob.own.public, own.public),
    ]
    expect(mine.digits).toBe(theirs.digits)
    expect(mine.digits).toMatch(/^\d{60}$/)
    expect(mine.groups).toHaveLength(12)
    expect(mine.subject).toBe(bob.own.accountId)
  })

  it("differs for a middleman, and his code does not scan", () => {
    const mallory = new Party(23)
    const mine = safetyNumber(own.public, bob.own.public)
    const swapped = safetyNumber(mallory.own.public, bob.own.public)
    expect(mine.digits).not.toBe(swapped.digits)
    expect(compareScanned(own.public, bob.own.public, safetyNumber(bob.own.public, own.public).qr)).toBe(true)
    expect(compareScanned(own.public, bob.own.public, mine.qr)).toBe(false)
    expect(compareScanned(own.public, bob.own.public, swapped.qr)).toBe(false)
    expect(compareScanned(own.public, bob.own.public, new Uint8Array(3))).toBe(false)
  })

  it("is refused with oneself", () => {
    expect(() => safetyNumber(own.public, own.public)).toThrow(
      expect.objectContaining({ code: "ERR_IDENTITY_MISMATCH" }),
    )
  })
})

describe("a signed statement", () => {
  it("names the conversation of two accounts alike from both sides", () => {
    const [a, b] = [
      accountIdOfKey(own.certificate.accountKey),
      accountIdOfKey(bob.own.certificate.accountKey),
    ]
    expect(directConversationId(a, b)).toEqual(directConversationId(b, a))
  })

  it("binds a handle to its account", () => {
    const accountId = accountIdOfKey(own.certificate.accountKey)
    const fields = { handle: "alice", accountId, version: 1, previousHash: new Uint8Array(32), timeMs: 1 }
    const record = signHandle(fields, own)
    expect(verifyHandle(record, own.certificate.accountKey)).toBe(true)
    expect(verifyHandle(record, bob.own.certificate.accountKey)).toBe(false)
    expect(verifyHandle(signHandle(fields, bob.own), own.certificate.accountKey)).toBe(false)
  })

  it("binds a login to every field of it", () => {
    const login = {
      origin: "http://localhost:5000",
      connection: new Uint8Array(16),
      nonce: new Uint8Array(32),
      timeMs: 1,
      minVersion: 1,
      maxVersion: 1,
      version: 1,
      accountId: accountIdOfKey(own.certificate.accountKey),
      deviceId: own.certificate.deviceId,
      tokenHash: new Uint8Array(32),
    }
    const signature = signLogin(login, own)
    const key = own.certificate.signingKey
    expect(verifyLogin(login, key, signature)).toBe(true)
    for (const change of [
      { origin: "http://localhost:5001" },
      { connection: new Uint8Array(16).fill(1) },
      { nonce: new Uint8Array(32).fill(1) },
      { timeMs: 2 },
      { version: 2 },
      { tokenHash: new Uint8Array(32).fill(1) },
      { deviceId: bob.own.certificate.deviceId },
    ])
      expect(verifyLogin({ ...login, ...change }, key, signature), Object.keys(change)[0]).toBe(false)
  })
})
