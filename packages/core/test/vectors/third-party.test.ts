/** One entry for all third-party vectors, so that their absence is one line and their presence one table. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { argon2 } from "./argon2.ts"
import { cctvEd25519 } from "./cctv-ed25519.ts"
import { fernetVectors } from "./fernet.ts"
import { BESIDE, findVectors, report, SKIPPED, Vectors } from "./folder.ts"
import { mlKem } from "./ml-kem.ts"
import { texts } from "./texts.ts"
import { wycheproof } from "./wycheproof.ts"

const folder = findVectors(process.env["SECURECHAT_VECTORS"], BESIDE)
if (folder === undefined) console.log(SKIPPED)

const USED = ["aes_cbc_pkcs5", "aes_gcm", "ed25519", "hkdf_sha256", "hmac_sha256", "x25519"]
const USED_ML_KEM = [
  "mlkem_768_encaps",
  "mlkem_768_keygen_seed",
  "mlkem_768_semi_expanded_decaps",
  "mlkem_768",
]
/** Files for what core does not compute. One that it begins to compute moves up. */
const NOT_USED: Readonly<Record<string, string>> = {
  c2sp_chunked_encryption_aes_256_gcm:
    "another chunk format; ours goes through the same list in test/attack/files.test.ts",
  chacha20_poly1305: "no part of suite 0x0001",
  xchacha20_poly1305: "no part of suite 0x0001",
  hkdf_sha512: "every derivation is HKDF-SHA-256",
  hmac_sha512: "every MAC is HMAC-SHA-256",
  pbkdf2_hmacsha256: "passphrases go through Argon2id",
}

describe.skipIf(folder === undefined)("third-party vectors", () => {
  const vectors = new Vectors(folder ?? "")

  describe("wycheproof", () => {
    wycheproof(vectors)

    it("every file is used, or named with the reason why not", () => {
      const files = readdirSync(join(folder ?? "", "wycheproof"))
        .filter((file) => file.endsWith("_test.json"))
        .map((file) => file.replace("_test.json", ""))
      expect(files.sort()).toEqual([...USED, ...USED_ML_KEM, ...Object.keys(NOT_USED)].sort())
    })
  })
  describe("ml-kem", () => {
    mlKem(vectors)
  })
  describe("cctv", () => {
    cctvEd25519(vectors)
  })
  describe("argon2", () => {
    argon2(vectors)
  })
  describe("fernet", () => {
    fernetVectors(vectors)
  })
  describe("texts", () => {
    texts(vectors)
  })

  afterAll(() => {
    console.log(`third-party vectors, cases × runs:\n${report()}`)
  })
})
