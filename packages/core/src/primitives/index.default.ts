/** `#primitives` everywhere else: browsers, workers, Bun, Deno. */
export {
  aesCbcDecrypt,
  aesCbcEncrypt,
  aesGcmOpen,
  aesGcmSeal,
  ed25519PublicKey,
  ed25519Sign,
  hmacSha256,
  mlKemDecapsulate,
  mlKemEncapsulate,
  mlKemKeyPair,
  sha256,
  sha512,
  verifyStrict,
  x25519,
  x25519PublicKey,
} from "./noble.ts"
