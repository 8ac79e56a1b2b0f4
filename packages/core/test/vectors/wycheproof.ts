/**
 * Wycheproof, symmetric and curve files: `valid` is accepted with the very value, `invalid` refused, and
 * `acceptable` decided by a table with its reason.
 */
import { expect, it } from "vitest"
import { equalBytes } from "../../src/bytes/compare.ts"
import { fromHex, toHex } from "../../src/bytes/text.ts"
import { BACK_ENDS } from "../support/back-ends.ts"
import type { Vectors } from "./folder.ts"
import { over } from "./over.ts"

export interface Case {
  readonly tcId: number
  readonly flags?: readonly string[]
  readonly result: "valid" | "invalid" | "acceptable"
}
/** What the cases of a group share, where the file has it. */
export interface Group<C> {
  readonly tests: readonly C[]
  readonly keySize?: number
  readonly tagSize?: number
  readonly publicKey?: { readonly pk: string }
}
interface File<C> {
  readonly numberOfTests: number
  readonly testGroups: readonly Group<C>[]
}
/** Reads a file, runs `check` on every case with its group, and counts. */
export const everyCase = <C extends Case>(
  vectors: Vectors,
  [name, expected]: readonly [name: string, cases: number],
  check: (test: C, group: Group<C>) => void,
): void => {
  const path = `wycheproof/${name}_test.json`
  const file = vectors.json(path) as File<C>
  let cases = 0
  for (const group of file.testGroups)
    for (const test of group.tests) {
      check(test, group)
      cases++
    }
  expect(cases).toBe(file.numberOfTests)
  vectors.ran(path, cases, expected)
}

const outcome = (run: () => Uint8Array): string => {
  try {
    return toHex(run())
  } catch (error) {
    return String((error as { readonly code?: string }).code)
  }
}
const id = (test: Case): string => `tcId ${test.tcId} ${test.flags?.join() ?? ""}`

/**
 * What we do with `acceptable` X25519 cases, by flag; the first flag that a case has decides.
 *
 * | flag | decision | reason |
 * |---|---|---|
 * | ZeroSharedSecret | refused | the peer would fix the secret: RFC 7748 §6.1 allows the check, we demand it |
 * | NonCanonicalPublic | refused | RFC 7748 reduces such keys; then one key has several spellings in a transcript |
 * | Twist | value as given | X25519 is defined on the twist, and its Montgomery ladder is safe there |
 */
const ACCEPTABLE: readonly (readonly [flag: string, accept: boolean])[] = [
  ["ZeroSharedSecret", false],
  ["NonCanonicalPublic", false],
  ["Twist", true],
]
const ACCEPTABLE_REFUSED = 29
const ACCEPTABLE_TAKEN = 149

interface XdhCase extends Case {
  readonly public: string
  readonly private: string
  readonly shared: string
}
const x25519 = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("x25519 over %s", (_name, p) => {
    let [refused, taken] = [0, 0]
    everyCase(vectors, ["x25519", 363], (test: XdhCase) => {
      const row = ACCEPTABLE.find(([flag]) => test.flags?.includes(flag))
      const accept = test.result === "valid" || row?.[1] === true
      if (test.result === "acceptable") expect(row, id(test)).toBeDefined()
      if (test.result === "acceptable")
        [refused, taken] = accept ? [refused, taken + 1] : [refused + 1, taken]
      const shared = outcome(() => p.x25519(fromHex(test.private), fromHex(test.public)))
      expect(shared, id(test)).toBe(accept ? test.shared : "ERR_KEY_INVALID")
    })
    expect([refused, taken]).toEqual([ACCEPTABLE_REFUSED, ACCEPTABLE_TAKEN])
  })
}

interface SignatureCase extends Case {
  readonly msg: string
  readonly sig: string
}
const ed25519 = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("ed25519 over %s", (_name, p) => {
    everyCase(vectors, ["ed25519", 106], (test: SignatureCase, group) => {
      const verdict = p.verifyStrict(fromHex(group.publicKey?.pk ?? ""), fromHex(test.msg), fromHex(test.sig))
      expect(verdict, id(test)).toBe(test.result === "valid")
    })
  })
}

interface MacCase extends Case {
  readonly key: string
  readonly msg: string
  readonly tag: string
}
const hmac = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("hmac_sha256 over %s", (_name, p) => {
    everyCase(vectors, ["hmac_sha256", 122], (test: MacCase, group) => {
      const tag = p.hmacSha256(fromHex(test.key), fromHex(test.msg)).subarray(0, (group.tagSize ?? 0) / 8)
      expect(equalBytes(tag, fromHex(test.tag)), id(test)).toBe(test.result === "valid")
    })
  })
}

interface HkdfCase extends Case {
  readonly ikm: string
  readonly salt: string
  readonly info: string
  readonly size: number
  readonly okm: string
}
const hkdf = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("hkdf_sha256 over %s", async (_name, p) => {
    const { hkdfExpand, hkdfExtract } = await over(p, () => import("../../src/primitives/hkdf.ts"))
    everyCase(vectors, ["hkdf_sha256", 60], (test: HkdfCase) => {
      const prk = hkdfExtract(fromHex(test.salt), fromHex(test.ikm))
      const okm = outcome(() => hkdfExpand(prk, fromHex(test.info), test.size))
      expect(okm, id(test)).toBe(test.result === "valid" ? test.okm : "ERR_LIMIT")
    })
  })
}

interface CbcCase extends Case {
  readonly key: string
  readonly iv: string
  readonly msg: string
  readonly ct: string
}
const aesCbc = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("aes_cbc_pkcs5 over %s", (_name, p) => {
    everyCase(vectors, ["aes_cbc_pkcs5", 151], (test: CbcCase, group) => {
      const [key, iv, sealed] = [fromHex(test.key), fromHex(test.iv), fromHex(test.ct)]
      const opened = outcome(() => p.aesCbcDecrypt(key, iv, sealed))
      // Fernet is AES-128: longer keys are refused, whatever the case is about.
      if (group.keySize !== 128) expect(opened, id(test)).toBe("ERR_KEY_INVALID")
      else if (test.result === "invalid") expect(opened, id(test)).toBe("ERR_AUTHENTICATION")
      else
        expect([opened, toHex(p.aesCbcEncrypt(key, iv, fromHex(test.msg)))], id(test)).toEqual([
          test.msg,
          test.ct,
        ])
    })
  })
}

interface GcmCase extends CbcCase {
  readonly aad: string
  readonly tag: string
}
const aesGcm = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("aes_gcm over %s", (_name, p) => {
    everyCase(vectors, ["aes_gcm", 221], (test: GcmCase, group) => {
      const [key, nonce, associated] = [fromHex(test.key), fromHex(test.iv), fromHex(test.aad)]
      const opened = outcome(() => p.aesGcmOpen(key, nonce, fromHex(test.ct + test.tag), associated))
      // One form only: AES-256 and a nonce of 96 bits. Everything else is refused, whatever the case is about.
      if (group.keySize !== 256) expect(opened, id(test)).toBe("ERR_KEY_INVALID")
      else if (nonce.length !== 12) expect(opened, id(test)).toBe("ERR_DECODE")
      else if (test.result === "invalid") expect(opened, id(test)).toBe("ERR_AUTHENTICATION")
      else {
        const sealed = p.aesGcmSeal(key, nonce, fromHex(test.msg), associated)
        expect([opened, toHex(sealed)], id(test)).toEqual([test.msg, test.ct + test.tag])
      }
    })
  })
}

export const wycheproof = (vectors: Vectors): void => {
  x25519(vectors)
  ed25519(vectors)
  hmac(vectors)
  hkdf(vectors)
  aesCbc(vectors)
  aesGcm(vectors)
}
