/** A self-signed certificate out of node:crypto alone: no tool of the machine is needed. X.509 v1, RFC 5280 §4.1 */
import { generateKeyPairSync, sign } from "node:crypto"

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...head), content])
}
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
const COMMON_NAME = Buffer.from("0603550403", "hex")
const ECDSA_SHA256 = Buffer.from("300a06082a8648ce3d040302", "hex")
const utcTime = (at: Date): Buffer =>
  der(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`))

export const selfSigned = (name: string): { readonly key: string; readonly cert: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const day = 86_400_000
  const names = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))))
  const validity = sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + day)))
  const spki = publicKey.export({ type: "spki", format: "der" })
  const body = sequence(der(0x02, Buffer.of(1)), ECDSA_SHA256, names, validity, names, spki)
  const signature = sign("sha256", body, privateKey)
  const certificate = sequence(body, ECDSA_SHA256, der(0x03, Buffer.of(0), signature))
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? []
  const cert = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n")
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert }
}
