/**
 * ML-KEM-768: Wycheproof and CCTV. The key generation values of CCTV are older than the final FIPS 203
 * and are not compared. Cases that begin with an expanded private key, which our interface never takes,
 * run against the two libraries that stand behind it.
 */
import * as crypto from "node:crypto"
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js"
import { expect, it } from "vitest"
import { concat } from "../../src/bytes/concat.ts"
import { fromHex, toHex } from "../../src/bytes/text.ts"
import { BACK_ENDS } from "../support/back-ends.ts"
import type { Vectors } from "./folder.ts"
import { type Case, everyCase } from "./wycheproof.ts"

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as { readonly code?: string }).code ?? "no code"
  }
}

interface SeedCase extends Case {
  readonly seed: string
  readonly ek: string
}
const keyGeneration = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("mlkem_768_keygen_seed over %s", (_name, p) => {
    everyCase(vectors, ["mlkem_768_keygen_seed", 70], (test: SeedCase) => {
      expect(toHex(p.mlKemKeyPair(fromHex(test.seed)).publicKey), `tcId ${test.tcId}`).toBe(test.ek)
    })
  })
}

interface DecapsulateCase extends SeedCase {
  readonly c: string
  readonly K: string
}
const decapsulation = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("mlkem_768 over %s", (_name, p) => {
    everyCase(vectors, ["mlkem_768", 135], (test: DecapsulateCase) => {
      const [seed, c] = [fromHex(test.seed), fromHex(test.c)]
      const name = `tcId ${test.tcId}`
      if (test.result === "valid") {
        expect(toHex(p.mlKemKeyPair(seed).publicKey), name).toBe(test.ek)
        expect(toHex(p.mlKemDecapsulate(seed, c)), name).toBe(test.K)
      } else {
        const expected = seed.length === 64 ? "ERR_DECODE" : "ERR_KEY_INVALID"
        expect(
          codeOf(() => p.mlKemDecapsulate(seed, c)),
          name,
        ).toBe(expected)
      }
    })
  })
}

interface EncapsulateCase extends Case {
  readonly m: string
  readonly ek: string
  readonly c: string
  readonly K: string
}
const encapsulation = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("mlkem_768_encaps over %s", (_name, p) => {
    everyCase(vectors, ["mlkem_768_encaps", 189], (test: EncapsulateCase) => {
      const run = (): { c: string; K: string } => {
        const { ciphertext, sharedSecret } = p.mlKemEncapsulate(fromHex(test.ek), fromHex(test.m))
        return { c: toHex(ciphertext), K: toHex(sharedSecret) }
      }
      if (test.result === "valid") expect(run(), `tcId ${test.tcId}`).toEqual({ c: test.c, K: test.K })
      else expect(codeOf(run), `tcId ${test.tcId}`).toBe("ERR_KEY_INVALID")
    })
  })
}

/** Tag and two-byte length of a DER value. */
const der = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = concat(...parts)
  return concat(Uint8Array.of(tag, 0x82, content.length >> 8, content.length & 0xff), content)
}
/** PKCS#8 with the expanded key, RFC 9935 §6. */
const pkcs8OfExpanded = (dk: Uint8Array): Uint8Array =>
  der(0x30, fromHex("020100300b0609608648016503040402"), der(0x04, der(0x04, dk)))
const LIBRARIES: readonly (readonly [string, (dk: Uint8Array, c: Uint8Array) => Uint8Array])[] = [
  ["noble", (dk, c) => ml_kem768.decapsulate(c, dk)],
  [
    "node",
    (dk, c) => {
      const key = Buffer.from(pkcs8OfExpanded(dk))
      return crypto.decapsulate(crypto.createPrivateKey({ key, format: "der", type: "pkcs8" }), c)
    },
  ],
]
interface ExpandedCase extends Case {
  readonly dk: string
  readonly c: string
  readonly K?: string
}
const expandedKeys = (vectors: Vectors): void => {
  it.each(LIBRARIES)("mlkem_768_semi_expanded_decaps in the library behind %s", (_name, decapsulate) => {
    const file = ["mlkem_768_semi_expanded_decaps", 6] as const
    everyCase(vectors, file, (test: ExpandedCase) => {
      const run = (): string => toHex(decapsulate(fromHex(test.dk), fromHex(test.c)))
      if (test.result === "valid") expect(run(), `tcId ${test.tcId}`).toBe(test.K)
      else expect(run, `tcId ${test.tcId}`).toThrow()
    })
  })

  it.each(LIBRARIES)(
    "cctv-ml-kem strcmp and unluckysample: decapsulation in the library behind %s",
    (_name, decapsulate) => {
      for (const name of ["strcmp", "unluckysample"]) {
        const path = `cctv-ml-kem/${name}-ML-KEM-768.txt`
        const values = named(vectors.text(path))
        expect(toHex(decapsulate(values("dk"), values("c"))), name).toBe(toHex(values("K")))
        vectors.ran(path, 1, 1)
      }
    },
  )
}

/** The byte values of `name = hex` lines. A name that comes twice has its last value. */
const named = (text: string): ((name: string) => Uint8Array) => {
  const values = new Map(text.split("\n").map((line) => line.split(" = ") as [string, string]))
  return (name) => {
    const value = values.get(name)
    if (value === undefined) throw new Error(`no ${name}`)
    return fromHex(value)
  }
}

const cctv = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("cctv-ml-kem intermediate and unluckysample: encapsulation over %s", (_name, p) => {
    for (const name of ["intermediate", "unluckysample"]) {
      const path = `cctv-ml-kem/${name}-ML-KEM-768.txt`
      const values = named(vectors.text(path))
      const sealed = p.mlKemEncapsulate(values("ek"), values("m"))
      expect(toHex(sealed.ciphertext), name).toBe(toHex(values("c")))
      expect(toHex(sealed.sharedSecret), name).toBe(toHex(values("K")))
      vectors.ran(path, 1, 1)
    }
  })

  it.each(BACK_ENDS)(
    "cctv-ml-kem modulus: every key with a coefficient too large is refused over %s",
    (_name, p) => {
      const path = "cctv-ml-kem/modulus-ML-KEM-768.txt.gz"
      const keys = vectors.text(path).trim().split("\n")
      for (const [line, key] of keys.entries())
        expect(
          codeOf(() => p.mlKemEncapsulate(fromHex(key), new Uint8Array(32))),
          `line ${line + 1}`,
        ).toBe("ERR_KEY_INVALID")
      vectors.ran(path, keys.length, 780)
    },
  )
}

export const mlKem = (vectors: Vectors): void => {
  keyGeneration(vectors)
  decapsulation(vectors)
  encapsulation(vectors)
  expandedKeys(vectors)
  cctv(vectors)
}
