/** `#primitives` under the condition `node`: native over noble. */
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
} from "./node.ts"
