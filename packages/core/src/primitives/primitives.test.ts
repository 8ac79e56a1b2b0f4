import { describe, expect, it } from "vitest"
import { BACK_ENDS, bytesOf, flipped } from "../../test/support/back-ends.ts"
import { fromHex, toHex, utf8 } from "../bytes/text.ts"

const code = (name: string): unknown => expect.objectContaining({ code: name })
const thrownBy = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error("nothing was thrown")
}

/** u of small order, canonical spellings: 0, 1, −1 and the two of order eight. RFC 7748 §6.1 and cr.yp.to/ecdh.html */
const LOW_ORDER_U = [
  "00".repeat(32),
  "01".padEnd(64, "0"),
  `ec${"ff".repeat(30)}7f`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
]
const RFC_8032 = [
  [
    "test 1",
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    [
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
  ],
  [
    "test 2",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    [
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
  ],
  [
    "test 3",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    [
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
  ],
] as const

describe.each(BACK_ENDS)("the %s back end", (_name, p) => {
  it("hashes as FIPS 180-4 says", () => {
    expect(toHex(p.sha256(utf8("abc")))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )
    expect(toHex(p.sha256(new Uint8Array(0)))).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    )
    expect(toHex(p.sha512(utf8("abc")))).toBe(
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    )
  })

  it("computes the HMACs of RFC 4231", () => {
    const hmac = (key: Uint8Array, text: string): string => toHex(p.hmacSha256(key, utf8(text)))
    expect(hmac(new Uint8Array(20).fill(0x0b), "Hi There")).toBe(
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    )
    expect(hmac(utf8("Jefe"), "what do ya want for nothing?")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    )
    const longKey = new Uint8Array(131).fill(0xaa)
    expect(hmac(longKey, "Test Using Larger Than Block-Size Key - Hash Key First")).toBe(
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    )
  })

  it("encrypts the first block of SP 800-38A F.2.1 and takes it back", () => {
    const key = fromHex("2b7e151628aed2a6abf7158809cf4f3c")
    const iv = fromHex("000102030405060708090a0b0c0d0e0f")
    const plain = fromHex("6bc1bee22e409f96e93d7e117393172a")
    const sealed = p.aesCbcEncrypt(key, iv, plain)
    expect(toHex(sealed.subarray(0, 16))).toBe("7649abac8119b246cee98e9b12e9197d")
    expect(sealed).toHaveLength(32)
    expect(p.aesCbcDecrypt(key, iv, sealed)).toEqual(plain)
  })

  it("refuses another length of an AES key or IV", () => {
    const [key, iv] = [new Uint8Array(16), new Uint8Array(16)]
    for (const size of [0, 15, 17, 32]) {
      const wrong = new Uint8Array(size)
      for (const text of [new Uint8Array(16), new Uint8Array(1024)]) {
        expect(() => p.aesCbcEncrypt(wrong, iv, text)).toThrow(code("ERR_KEY_INVALID"))
        expect(() => p.aesCbcDecrypt(wrong, iv, text)).toThrow(code("ERR_KEY_INVALID"))
        expect(() => p.aesCbcEncrypt(key, wrong, text)).toThrow(code("ERR_DECODE"))
        expect(() => p.aesCbcDecrypt(key, wrong, text)).toThrow(code("ERR_DECODE"))
      }
    }
  })

  it("tells every fault of a CBC ciphertext in the same words, and without a cause", () => {
    const [key, iv] = [bytesOf("key", 16), bytesOf("iv", 16)]
    const faults = [0, 1, 15, 17, 1023].map((size) => new Uint8Array(size))
    faults.push(bytesOf("wrong padding", 32), bytesOf("wrong padding", 1024))
    for (const fault of faults) {
      const error = thrownBy(() => p.aesCbcDecrypt(key, iv, fault))
      expect(error).toEqual(code("ERR_AUTHENTICATION"))
      expect(error).toMatchObject({ message: "cannot be opened" })
      expect(error).not.toHaveProperty("cause")
    }
  })

  it("seals with AES-256-GCM as GCM's test case 16 shows, and opens nothing that was touched", () => {
    const key = fromHex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    const nonce = fromHex("cafebabefacedbaddecaf888")
    const plain = fromHex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    )
    const associated = fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    const sealed = p.aesGcmSeal(key, nonce, plain, associated)
    expect(toHex(sealed.subarray(-16))).toBe("76fc6ece0f4e1768cddf8853bb2d551b")
    expect(p.aesGcmOpen(key, nonce, sealed, associated)).toEqual(plain)
    const touched = Array.from(sealed, (byte, at) => sealed.with(at, byte ^ 1))
    for (const fault of [...touched, sealed.subarray(1), sealed.subarray(0, 15), new Uint8Array()]) {
      const error = thrownBy(() => p.aesGcmOpen(key, nonce, fault, associated))
      expect(error).toMatchObject({ code: "ERR_AUTHENTICATION", message: "cannot be opened" })
      expect(error).not.toHaveProperty("cause")
    }
    expect(() => p.aesGcmOpen(key, nonce, sealed, associated.subarray(1))).toThrow(code("ERR_AUTHENTICATION"))
    expect(() => p.aesGcmSeal(key.subarray(16), nonce, plain, associated)).toThrow(code("ERR_KEY_INVALID"))
    expect(() => p.aesGcmOpen(key, nonce.subarray(4), sealed, associated)).toThrow(code("ERR_DECODE"))
  })

  it("agrees as RFC 7748 §6.1 shows", () => {
    const a = fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    const b = fromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    const [publicA, publicB] = [p.x25519PublicKey(a), p.x25519PublicKey(b)]
    expect(toHex(publicA)).toBe("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    expect(toHex(publicB)).toBe("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    expect(toHex(p.x25519(a, publicB))).toBe(shared)
    expect(toHex(p.x25519(b, publicA))).toBe(shared)
  })

  it("multiplies as RFC 7748 §5.2 shows", () => {
    const scalar = fromHex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    const u = fromHex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    expect(toHex(p.x25519(scalar, u))).toBe(
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    )
  })

  it.each([
    ["another length", [0, 31, 33, 64].map((size) => "01".repeat(size))],
    ["the top bit set", [`${"09".padEnd(62, "0")}80`]],
    ["u = p", [`ed${"ff".repeat(30)}7f`]],
    ["u = p + 9, the base point spelled again", [`f6${"ff".repeat(30)}7f`]],
    ["low order", LOW_ORDER_U],
  ])("refuses an X25519 public key with %s", (_what, keys) => {
    for (const key of keys)
      expect(() => p.x25519(bytesOf("secret", 32), fromHex(key))).toThrow(code("ERR_KEY_INVALID"))
  })

  it("takes the largest canonical u below p", () => {
    expect(p.x25519(bytesOf("secret", 32), fromHex(`eb${"ff".repeat(30)}7f`))).toHaveLength(32)
  })

  it("refuses secrets and seeds of another length", () => {
    for (const wrong of [0, 31, 33, 64].map((size) => new Uint8Array(size).fill(1))) {
      expect(() => p.x25519PublicKey(wrong)).toThrow(code("ERR_KEY_INVALID"))
      expect(() => p.x25519(wrong, p.x25519PublicKey(bytesOf("peer", 32)))).toThrow(code("ERR_KEY_INVALID"))
      expect(() => p.ed25519PublicKey(wrong)).toThrow(code("ERR_KEY_INVALID"))
      expect(() => p.ed25519Sign(wrong, utf8("m"))).toThrow(code("ERR_KEY_INVALID"))
    }
  })

  it.each(RFC_8032)("signs as RFC 8032 §7.1 shows, %s", (_name, seed, publicKey, rest) => {
    const [message, signature] = rest
    expect(toHex(p.ed25519PublicKey(fromHex(seed)))).toBe(publicKey)
    expect(toHex(p.ed25519Sign(fromHex(seed), fromHex(message)))).toBe(signature)
    expect(p.verifyStrict(fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(true)
  })

  it("encapsulates, decapsulates and keeps the seed as it was given", () => {
    const seed = bytesOf("kem", 64)
    const pair = p.mlKemKeyPair(seed)
    expect([pair.publicKey.length, pair.secretSeed.length]).toEqual([1184, 64])
    expect(pair.secretSeed).toEqual(seed)
    expect(pair.secretSeed).not.toBe(seed)
    const sealed = p.mlKemEncapsulate(pair.publicKey, bytesOf("m", 32))
    expect([sealed.ciphertext.length, sealed.sharedSecret.length]).toEqual([1088, 32])
    expect(p.mlKemDecapsulate(seed, sealed.ciphertext)).toEqual(sealed.sharedSecret)
  })

  it("[A8] gives another secret, and no error, for a ciphertext that is not the peer's", () => {
    const seed = bytesOf("kem", 64)
    const sealed = p.mlKemEncapsulate(p.mlKemKeyPair(seed).publicKey, bytesOf("m", 32))
    const rejected = p.mlKemDecapsulate(seed, flipped(sealed.ciphertext, 7))
    expect(rejected).toHaveLength(32)
    expect(rejected).not.toEqual(sealed.sharedSecret)
    expect(p.mlKemDecapsulate(seed, flipped(sealed.ciphertext, 7))).toEqual(rejected)
  })

  it("[A8] refuses ML-KEM inputs of another length, and a key that fails the modulus check", () => {
    const { publicKey } = p.mlKemKeyPair(bytesOf("kem", 64))
    for (const size of [0, 63, 65]) {
      expect(() => p.mlKemKeyPair(new Uint8Array(size))).toThrow(code("ERR_KEY_INVALID"))
      expect(() => p.mlKemDecapsulate(new Uint8Array(size), new Uint8Array(1088))).toThrow(
        code("ERR_KEY_INVALID"),
      )
    }
    for (const size of [0, 1087, 1089])
      expect(() => p.mlKemDecapsulate(new Uint8Array(64), new Uint8Array(size))).toThrow(code("ERR_DECODE"))
    for (const size of [0, 1183, 1185])
      expect(() => p.mlKemEncapsulate(new Uint8Array(size), new Uint8Array(32))).toThrow(
        code("ERR_KEY_INVALID"),
      )
    for (const size of [0, 31, 33])
      expect(() => p.mlKemEncapsulate(publicKey, new Uint8Array(size))).toThrow(code("ERR_DECODE"))
    const overflow = publicKey.slice()
    overflow.set([0xff, 0xff], 0)
    expect(() => p.mlKemEncapsulate(overflow, new Uint8Array(32))).toThrow(code("ERR_KEY_INVALID"))
  })
})
