import { describe, expect, it } from "vitest"
import { Point } from "@noble/ed25519"
import { BACK_ENDS, bytesOf, flipped } from "../../test/support/back-ends.ts"
import { utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { isMlKemPublicKey } from "./ml-kem-rules.ts"
import * as portableIndex from "./index.default.ts"
import * as nodeIndex from "./index.node.ts"
import * as noble from "./noble.ts"
import * as node from "./node.ts"
import type { Primitives } from "./primitives.ts"

/** Every function that returns bytes, with inputs that fit it. */
interface Call {
  readonly inputs: (p: Primitives) => readonly Bytes[]
  readonly call: (p: Primitives, inputs: readonly Bytes[]) => Bytes[]
}
type OneResult = Exclude<
  keyof Primitives,
  "verifyStrict" | "drawsItself" | "x25519KeyPair" | "mlKemKeyPair" | "mlKemEncapsulate"
>
const one =
  (name: OneResult): Call["call"] =>
  (p, inputs) => [
    (p as unknown as Record<OneResult, (...inputs: readonly Bytes[]) => Bytes>)[name](...inputs),
  ]
const CALLS: Readonly<Record<string, Call>> = {
  sha256: { inputs: () => [bytesOf("m", 40)], call: one("sha256") },
  sha512: { inputs: () => [bytesOf("m", 40)], call: one("sha512") },
  hmacShort: { inputs: () => [bytesOf("k", 32), bytesOf("m", 40)], call: one("hmacSha256") },
  hmacLong: { inputs: () => [bytesOf("k", 32), bytesOf("m", 4000)], call: one("hmacSha256") },
  encryptShort: {
    inputs: () => [bytesOf("k", 16), bytesOf("i", 16), bytesOf("m", 40)],
    call: one("aesCbcEncrypt"),
  },
  encryptLong: {
    inputs: () => [bytesOf("k", 16), bytesOf("i", 16), bytesOf("m", 4000)],
    call: one("aesCbcEncrypt"),
  },
  decryptShort: {
    inputs: (p) => [
      bytesOf("k", 16),
      bytesOf("i", 16),
      p.aesCbcEncrypt(bytesOf("k", 16), bytesOf("i", 16), bytesOf("m", 40)),
    ],
    call: one("aesCbcDecrypt"),
  },
  decryptLong: {
    inputs: (p) => [
      bytesOf("k", 16),
      bytesOf("i", 16),
      p.aesCbcEncrypt(bytesOf("k", 16), bytesOf("i", 16), bytesOf("m", 4000)),
    ],
    call: one("aesCbcDecrypt"),
  },
  x25519PublicKey: { inputs: () => [bytesOf("s", 32)], call: one("x25519PublicKey") },
  x25519: {
    inputs: (p) => [bytesOf("s", 32), p.x25519PublicKey(bytesOf("t", 32))],
    call: one("x25519"),
  },
  ed25519PublicKey: { inputs: () => [bytesOf("s", 32)], call: one("ed25519PublicKey") },
  ed25519Sign: { inputs: () => [bytesOf("s", 32), bytesOf("m", 40)], call: one("ed25519Sign") },
  mlKemKeyPair: {
    inputs: () => [bytesOf("s", 64)],
    call: (p, [seed]) => Object.values(p.mlKemKeyPair(seed)) as Bytes[],
  },
  mlKemEncapsulate: {
    inputs: (p) => [p.mlKemKeyPair(bytesOf("s", 64)).publicKey, bytesOf("m", 32)],
    call: (p, [key, m]) => Object.values(p.mlKemEncapsulate(key!, m)) as Bytes[],
  },
  mlKemDecapsulate: {
    inputs: () => [bytesOf("s", 64), bytesOf("c", 1088)],
    call: one("mlKemDecapsulate"),
  },
}

describe.each(BACK_ENDS)("the %s back end", (_name, p) => {
  it("returns fresh copies in buffers of their own, and leaves its inputs as they were", () => {
    for (const [name, run] of Object.entries(CALLS)) {
      const inputs = run.inputs(p)
      const before = inputs.map((input) => input.slice())
      for (const result of [run.call(p, inputs), run.call(p, inputs)].flat()) {
        expect(result.constructor, name).toBe(Uint8Array)
        expect(result.buffer.byteLength, name).toBe(result.length)
        result.fill(0xee)
      }
      expect(inputs, name).toEqual(before)
      expect(run.call(p, inputs), name).not.toContainEqual(new Uint8Array(32).fill(0xee))
    }
  })

  it("takes views into larger buffers, and Node's own buffers", () => {
    const around = bytesOf("around", 100)
    const view = around.subarray(33, 65)
    expect(p.x25519PublicKey(view)).toEqual(p.x25519PublicKey(view.slice()))
    expect(p.x25519PublicKey(Buffer.from(view))).toEqual(p.x25519PublicKey(view.slice()))
    expect(p.sha256(Buffer.from(view))).toEqual(p.sha256(view.slice()))
  })

  it("notices when the array of a secret is overwritten and used again", () => {
    const array = bytesOf("first", 32)
    const [first, signedFirst] = [p.x25519PublicKey(array), p.ed25519Sign(array, utf8("m"))]
    array.set(bytesOf("second", 32))
    expect(p.x25519PublicKey(array)).toEqual(p.x25519PublicKey(bytesOf("second", 32)))
    expect(p.ed25519Sign(array, utf8("m"))).toEqual(p.ed25519Sign(bytesOf("second", 32), utf8("m")))
    array.set(bytesOf("first", 32))
    expect([p.x25519PublicKey(array), p.ed25519Sign(array, utf8("m"))]).toEqual([first, signedFirst])
  })
})

/** The bytes, or the code of the refusal. */
const spelled = (p: Primitives, text: string): unknown => {
  try {
    return p.fromPaddedBase64url(text)
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

describe("the two back ends", () => {
  it("agree on hashes, MACs and ciphertexts at every size where one of them changes its way", () => {
    for (const size of [0, 1, 15, 16, 17, 63, 64, 65, 495, 496, 511, 512, 513, 2047, 2048, 2049, 70_000]) {
      const message = bytesOf(`message ${size}`, size)
      const [key, iv] = [bytesOf("key", 16), bytesOf("iv", 16)]
      expect(node.sha256(message)).toEqual(noble.sha256(message))
      expect(node.sha512(message)).toEqual(noble.sha512(message))
      for (const keySize of [0, 1, 32, 63, 64, 65, 200]) {
        const macKey = bytesOf("mac key", keySize)
        expect(node.hmacSha256(macKey, message)).toEqual(noble.hmacSha256(macKey, message))
      }
      const sealed = node.aesCbcEncrypt(key, iv, message)
      expect(sealed).toEqual(noble.aesCbcEncrypt(key, iv, message))
      expect(node.aesCbcDecrypt(key, iv, sealed)).toEqual(message)
      expect(noble.aesCbcDecrypt(key, iv, sealed)).toEqual(message)
    }
  })

  it("agree on keys, agreements and signatures", () => {
    for (let i = 0; i < 20; i++) {
      const [secret, peer] = [bytesOf(`secret ${i}`, 32), bytesOf(`peer ${i}`, 32)]
      const publicKey = noble.x25519PublicKey(peer)
      expect(node.x25519PublicKey(peer)).toEqual(publicKey)
      expect(node.x25519(secret, publicKey)).toEqual(noble.x25519(secret, publicKey))
      expect(node.ed25519PublicKey(secret)).toEqual(noble.ed25519PublicKey(secret))
      expect(node.ed25519Sign(secret, peer)).toEqual(noble.ed25519Sign(secret, peer))
    }
  })

  it("agree on ML-KEM keys, secrets and implicit rejection", () => {
    for (let i = 0; i < 5; i++) {
      const seed = bytesOf(`kem ${i}`, 64)
      const pair = noble.mlKemKeyPair(seed)
      expect(node.mlKemKeyPair(seed)).toEqual(pair)
      const sealed = noble.mlKemEncapsulate(pair.publicKey, bytesOf(`m ${i}`, 32))
      expect(node.mlKemDecapsulate(seed, sealed.ciphertext)).toEqual(sealed.sharedSecret)
      const wrong = bytesOf(`noise ${i}`, 1088)
      expect(node.mlKemDecapsulate(seed, wrong)).toEqual(noble.mlKemDecapsulate(seed, wrong))
    }
  })

  it("agree on base64url and on every other spelling of it", () => {
    // Among them characters whose low byte is a letter: a decoder that cuts them off would take them.
    const foreign = ["+", "/", "=", " ", "\n", "é", "\u0141", "\u{1F600}", "\ud800", ""]
    for (const size of [0, 1, 2, 3, 31, 32, 33, 70_000, 800_001]) {
      const bytes = bytesOf("text", size)
      const text = noble.toPaddedBase64url(bytes)
      expect(node.toPaddedBase64url(bytes)).toBe(text)
      expect(node.fromPaddedBase64url(text)).toEqual(bytes)
      for (const at of [0, 1, text.length - 3, text.length - 2, text.length - 1, text.length, 32_768])
        for (const put of [...foreign, "A", "B", "Q"]) {
          const other = text.slice(0, at) + put + text.slice(at + 1)
          expect(spelled(node, other), `${size} ${at} ${put}`).toEqual(spelled(noble, other))
        }
    }
  })

  it("agree on base64url of random text, most of it wrong in several places", () => {
    const chars = ["A", "Q", "g", "w", "0", "9", "-", "_", "+", "/", "=", "=", "\n", "\u0141"]
    let taken = 0
    for (let i = 0; i < 20_000; i++) {
      const codes = bytesOf(`spelling ${i}`, 16)
      // Four times out of five the wrong ones are left out, or nothing would ever be taken.
      const among = i % 5 === 0 ? chars.length : 8
      const body = [...codes.subarray(0, (codes[15] as number) % 13)].map((code) => chars[code % among])
      const text = body.join("") + "=".repeat((codes[14] as number) % 3)
      const expected = spelled(noble, text)
      expect(spelled(node, text), JSON.stringify(text)).toEqual(expected)
      if (typeof expected !== "string") taken += 1
    }
    expect(taken).toBeGreaterThan(1_000)
  })

  it("agree on which points are free of torsion: 40 points, each beside all eight of small order", () => {
    const eighth = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
    for (let i = 1; i <= 40; i++) {
      let point = Point.BASE.multiply(BigInt(i) ** 40n + 1n)
      for (let turn = 0; turn < 8; turn++, point = point.add(eighth)) {
        const bytes = new Uint8Array(point.toBytes())
        expect(node.isTorsionFree(bytes), `${i} ${turn}`).toBe(turn === 0)
        expect(noble.isStrictPoint(bytes), `${i} ${turn}`).toBe(turn === 0)
      }
    }
  })

  it("agree on signatures by what is no point of the curve", () => {
    for (let i = 0; i < 40; i++) {
      const [key, signature] = [bytesOf(`key ${i}`, 32), bytesOf(`signature ${i}`, 64)]
      key[31] = (key[31] as number) & 0x7f
      signature[63] = 0
      expect(node.verifyStrict(key, utf8("m"), signature)).toBe(false)
      expect(noble.verifyStrict(key, utf8("m"), signature)).toBe(false)
    }
  })

  it("take a signature again, and none that differs from it in anything", () => {
    const seed = bytesOf("signer", 32)
    const [key, message] = [node.ed25519PublicKey(seed), bytesOf("m", 50)]
    const signature = node.ed25519Sign(seed, message)
    for (const p of [node, noble, node, noble]) {
      expect(p.verifyStrict(key, message, signature)).toBe(true)
      expect(p.verifyStrict(key, flipped(message, 3), signature)).toBe(false)
      expect(p.verifyStrict(key, message, flipped(signature, 40))).toBe(false)
      expect(p.verifyStrict(node.ed25519PublicKey(bytesOf("other", 32)), message, signature)).toBe(false)
    }
  })

  it("make the same key pairs of what is given, and Node fresh ones of nothing", () => {
    const bytes = bytesOf("secret", 32)
    const [mine, theirs] = [node.x25519KeyPair(bytes), noble.x25519KeyPair(bytes)]
    expect(mine.publicKey).toEqual(theirs.publicKey)
    expect([mine.secret.expose(), theirs.secret.expose()]).toEqual([bytes, bytes])
    for (const make of [noble.x25519KeyPair, noble.mlKemKeyPair])
      expect(() => make(undefined)).toThrow("0 bytes")
    const [a, b] = [node.x25519KeyPair(undefined), node.x25519KeyPair(undefined)]
    expect(noble.x25519PublicKey(a.secret.expose())).toEqual(a.publicKey)
    expect(node.x25519(a.secret.expose(), b.publicKey)).toEqual(noble.x25519(b.secret.expose(), a.publicKey))
    expect(a.publicKey).not.toEqual(b.publicKey)
    const kem = node.mlKemKeyPair(undefined)
    expect(noble.mlKemKeyPair(kem.secretSeed)).toEqual(kem)
    expect(node.mlKemKeyPair(undefined)).not.toEqual(kem)
  })

  it("encapsulate with the platform's own randomness to what the other opens, and check the same modulus", () => {
    const { publicKey, secretSeed } = noble.mlKemKeyPair(bytesOf("kem", 64))
    const sealed = node.mlKemEncapsulate(publicKey, undefined)
    expect(noble.mlKemDecapsulate(secretSeed, sealed.ciphertext)).toEqual(sealed.sharedSecret)
    expect(node.mlKemEncapsulate(publicKey, undefined).sharedSecret).not.toEqual(sealed.sharedSecret)
    expect(() => node.mlKemEncapsulate(publicKey.subarray(1), undefined)).toThrow("1183")
    expect(() => noble.mlKemEncapsulate(publicKey, undefined)).toThrow("randomness")
    for (const at of [0, 1, 2, 500, 1149, 1150, 1151])
      for (const value of [0x00, 0x0d, 0x1d, 0xd0, 0xff]) {
        const key = publicKey.slice()
        key[at] = value
        let valid = true
        try {
          noble.mlKemEncapsulate(key, new Uint8Array(32))
        } catch {
          valid = false
        }
        expect(isMlKemPublicKey(key), `${at} ${value}`).toBe(valid)
        if (valid) expect(node.mlKemEncapsulate(key, undefined).ciphertext).toHaveLength(1088)
        else expect(() => node.mlKemEncapsulate(key, undefined)).toThrow("modulus")
      }
  })

  it("export the same names, which are those of the interface", () => {
    const names = Object.keys(portableIndex).sort()
    expect(Object.keys(nodeIndex).sort()).toEqual(names)
    expect(names).toHaveLength(19)
    const asInterface: Primitives[] = [nodeIndex, portableIndex] // compiles only if every signature fits
    expect(asInterface).toHaveLength(2)
  })
})

describe("an import of a key", () => {
  const imports = (): void => {
    const { secret, publicKey } = node.x25519KeyPair(undefined)
    node.x25519(secret.expose(), node.x25519KeyPair(undefined).publicKey)
    node.x25519PublicKey(bytesOf("another secret", 32))
    expect(publicKey).toHaveLength(32)
    expect(() => node.mlKemEncapsulate(new Uint8Array(1184).fill(0xff), undefined)).toThrow()
  }

  it("leaves the traces of errors as they were, also when it fails", () => {
    const before = Error.stackTraceLimit
    imports()
    expect(Error.stackTraceLimit).toBe(before)
    expect(new Error("traced").stack?.split("\n").length).toBeGreaterThan(1)
  })

  it("works where nobody may change how long they are", () => {
    const before = Error.stackTraceLimit
    Object.defineProperty(Error, "stackTraceLimit", { value: before, writable: false, configurable: true })
    try {
      imports()
    } finally {
      Object.defineProperty(Error, "stackTraceLimit", { value: before, writable: true, configurable: true })
    }
  })
})
