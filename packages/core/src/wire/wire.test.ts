import { describe, expect, it } from "vitest"
import { codecSuite } from "../../test/support/codec-suite.ts"
import { Party } from "../../test/support/party.ts"
import type { Codec } from "../bytes/codec.ts"
import { EMPTY, concat } from "../bytes/concat.ts"
import { utf8 } from "../bytes/text.ts"
import { MAX_ENVELOPE_BYTES } from "../limits.ts"
import { identityCodec, publicIdentity } from "../identity/keys.ts"
import { signHandle } from "../identity/statements.ts"
import { firstSeen, trustCodec, verify } from "../identity/trust.ts"
import { linkCodec } from "../session/codec.ts"
import { formatAccountId, isAccountId, isHandle, parseAccountId, parseDeviceId } from "./address.ts"
import { CERTIFICATE_BYTES, certificateCodec } from "./certificate.ts"
import { helloCodec, makeHello } from "./channel.ts"
import { deviceListCodec } from "./device-list.ts"
import { type Envelope, decodeEnvelope, peekType } from "./envelope.ts"
import { handleRecordCodec } from "./handle.ts"
import { handshakeCodec } from "./handshake.ts"
import { bundleCodec, prekeyBody, prekeyCodec } from "./prekey.ts"
import { SUITE_1 } from "./tags.ts"

const alice = new Party(11)
const bob = new Party(12)
alice.begin(bob.bundle())
const first = alice.sendText("first")
bob.receive(first)
const reply = bob.sendText("reply")
const { own } = alice
const accountId = parseAccountId(own.accountId)
const handle = signHandle(
  { handle: "alice", accountId, version: 1, previousHash: new Uint8Array(32), timeMs: 5 },
  own,
)
const hello = makeHello({
  nonce: alice.deps.random(32),
  contextHash: alice.deps.random(32),
  suites: [SUITE_1],
  bundle: bob.bundle(),
})
const pin = { accountId, accountKey: own.certificate.accountKey }
const trust = verify(firstSeen("bob", pin), pin.accountKey, "qr", 7)
const block = decodeEnvelope(first).handshake
if (block === undefined) throw new Error("no block")

/** An envelope has no encoder of its own: its bytes are header and token as received. */
const envelopeCodec: Codec<Envelope> = {
  encode: (envelope) => concat(envelope.header, envelope.token),
  decode: decodeEnvelope,
}

describe("a wire type", () => {
  codecSuite("DeviceCert", certificateCodec, own.certificate.bytes)
  codecSuite("DeviceList", deviceListCodec, own.list.bytes)
  codecSuite("signed prekey", prekeyCodec, alice.spk.statement.bytes)
  codecSuite("KEM prekey", prekeyCodec, alice.pqspk.statement.bytes)
  codecSuite("Bundle", bundleCodec, bundleCodec.encode(alice.bundle()))
  codecSuite("Hello", helloCodec, hello.bytes)
  codecSuite("handshake block", handshakeCodec, block.bytes)
  codecSuite("handle record", handleRecordCodec, handle.bytes)
  codecSuite("public identity", publicIdentity, own.public.bytes)
  codecSuite("stored identity", identityCodec, identityCodec.encode(own))
  codecSuite("stored trust", trustCodec, trustCodec.encode(trust))
  codecSuite("stored link", linkCodec, linkCodec.encode(bob.link))
})

describe("an envelope", () => {
  it("keeps its header as received", () => {
    for (const bytes of [first, reply]) {
      const { header, token } = decodeEnvelope(bytes)
      expect(concat(header, token)).toEqual(bytes)
    }
  })

  it("tells a typed error for every truncation of its header", () => {
    const { header } = decodeEnvelope(first)
    for (let length = 0; length < header.length; length++)
      expect(() => decodeEnvelope(first.subarray(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(DECODE|VERSION_UNSUPPORTED)$/) }),
      )
  })

  it("refuses an unknown version, type or flag, and says which", () => {
    for (const [at, value, cause] of [
      [0, 2, "version"],
      [1, 3, "version"],
      [1, 255, "version"],
      [2, 0b1000, "flags"],
    ] as const) {
      const changed = reply.slice()
      changed[at] = value
      expect(() => decodeEnvelope(changed)).toThrow(
        expect.objectContaining({ code: "ERR_VERSION_UNSUPPORTED", details: { cause } }),
      )
    }
  })

  it("refuses a signal with flags or a previous chain", () => {
    const signal = reply.slice()
    signal[1] = 4
    expect(() => decodeEnvelope(signal)).toThrow(expect.objectContaining({ code: "ERR_VERSION_UNSUPPORTED" }))
    signal[2] = 0
    signal[54] = 1
    expect(() => decodeEnvelope(signal)).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
  })

  it("refuses more than 80 KiB before reading any of it", () => {
    expect(() => decodeEnvelope(new Uint8Array(MAX_ENVELOPE_BYTES + 1))).toThrow(
      expect.objectContaining({ code: "ERR_FRAME_TOO_LARGE" }),
    )
    expect(envelopeCodec.encode(envelopeCodec.decode(reply))).toEqual(reply)
  })

  it("shows its type without being decoded", () => {
    expect([peekType(first), peekType(reply), peekType(hello.bytes)]).toEqual([1, 2, 6])
    expect(() => peekType(Uint8Array.of(9, 1))).toThrow(
      expect.objectContaining({ code: "ERR_VERSION_UNSUPPORTED" }),
    )
  })
})

describe("a handshake block", () => {
  const withFlags = (flags: number): Uint8Array => {
    const changed = block.bytes.slice()
    changed[4] = flags
    return changed
  }
  it("refuses flags that do not belong together", () => {
    for (const flags of [0b100000, 0b01111, 0b00101, 0b01001, 0b00010, 0b00000])
      expect(() => handshakeCodec.decode(withFlags(flags)), flags.toString(2)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(DECODE|VERSION_UNSUPPORTED)$/) }),
      )
  })
})

describe("a prekey", () => {
  it("refuses an ML-KEM key where an X25519 key belongs, and the reverse", () => {
    const fields = { ...alice.spk.statement, kind: "pqspk" as const }
    expect(() => prekeyBody(fields)).toThrow(expect.objectContaining({ code: "ERR_INTERNAL" }))
    const confused = alice.spk.statement.bytes.slice()
    confused[2] = 3
    expect(() => prekeyCodec.decode(confused)).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
  })

  it("is refused in another place of a bundle", () => {
    const bundle = alice.bundle()
    const swapped = bundleCodec.encode({ ...bundle, pq: alice.spk.statement })
    expect(() => bundleCodec.decode(swapped)).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
  })
})

describe("identifiers", () => {
  it("have one spelling each", () => {
    expect(formatAccountId(accountId)).toBe(own.accountId)
    expect(own.accountId).toMatch(/^sc1[a-z2-7]{32}$/)
    for (const wrong of [
      "",
      "sc1",
      own.accountId.toUpperCase(),
      `${own.accountId}a`,
      own.accountId.slice(0, -1),
    ])
      expect(isAccountId(wrong), wrong).toBe(false)
    expect(isAccountId(own.accountId)).toBe(true)
    expect(parseDeviceId(own.deviceId)).toEqual(own.certificate.deviceId)
    expect(() => parseDeviceId("AAAA")).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
  })

  it("tell a handle from what is not one", () => {
    for (const good of ["al", "alice", "a.b_c-9", "x".repeat(32)]) expect(isHandle(good), good).toBe(true)
    for (const bad of ["a", "Alice", "sc1abc", "x".repeat(33), "al ice", "ál", "", "al\n"])
      expect(isHandle(bad), bad).toBe(false)
  })

  it("are 252 bytes of certificate, as documented", () => {
    expect(own.certificate.bytes.length).toBe(CERTIFICATE_BYTES)
    expect(own.certificate.body.length).toBe(124)
    expect(concat(EMPTY, utf8("x"))).toEqual(Uint8Array.of(0x78))
  })
})
