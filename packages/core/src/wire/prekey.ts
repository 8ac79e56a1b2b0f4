/**
 * Bytes of a signed prekey and of the bundle that starts a session. protocol.md §3
 *
 *   Prekey  01 ‖ kind ‖ alg ‖ accountId 20 ‖ deviceId 16 ‖ u32 keyId ‖ u64 notBefore ‖ u64 notAfter
 *           ‖ live u8 ‖ [live=1: binding 32] ‖ [spk: u8 n ‖ n × u16 suite] ‖ u16 len ‖ public ‖ sig_DSK 64
 *   Bundle  DeviceCert ‖ u16 len ‖ DeviceList ‖ spk ‖ u8 hasOpk ‖ [opk] ‖ pq (pqopk or pqspk)
 *
 * The algorithm byte is under the signature and must be the one its kind uses: an ML-KEM key offered as
 * an X25519 key is refused while decoding (key-type confusion, formal analysis of PQXDH).
 */
import { type Codec, type Layout, codec, optional } from "../bytes/codec.ts"
import type { Reader } from "../bytes/reader.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { MAX_SUITES } from "../limits.ts"
import { ACCOUNT_ID_BYTES, DEVICE_ID_BYTES } from "./address.ts"
import { type DeviceCertificate, KEY_BYTES, SIGNATURE_BYTES, certificateLayout } from "./certificate.ts"
import { type DeviceList, prefixedDeviceList } from "./device-list.ts"
import { ALGORITHM, PREKEY_KIND, STATEMENT_VERSION } from "./tags.ts"

export const KEM_PUBLIC_BYTES = 1184
export const KEM_CIPHERTEXT_BYTES = 1088
export const BINDING_BYTES = 32

export type PrekeyKind = keyof typeof PREKEY_KIND

export interface PrekeyFields {
  readonly kind: PrekeyKind
  readonly accountId: Bytes
  readonly deviceId: Bytes
  /** u32, not zero, never re-used for another key. */
  readonly keyId: number
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** The nonce a live key was made for, 32 bytes; undefined for a stored key. */
  readonly binding: Bytes | undefined
  /** Suites by preference; of a signed prekey only. */
  readonly suites: readonly number[]
  /** 32 bytes (X25519) or 1,184 (ML-KEM-768). */
  readonly publicKey: Bytes
}
export interface Prekey extends PrekeyFields {
  readonly body: Bytes
  readonly signature: Bytes
  readonly bytes: Bytes
}

const KIND_OF: ReadonlyMap<number, PrekeyKind> = new Map(
  (Object.keys(PREKEY_KIND) as PrekeyKind[]).map((kind) => [PREKEY_KIND[kind], kind]),
)
const isKem = (kind: PrekeyKind): boolean => kind === "pqspk" || kind === "pqopk"
const algorithmOf = (kind: PrekeyKind): number => (isKem(kind) ? ALGORITHM.mlKem768 : ALGORITHM.x25519)
export const prekeyPublicBytes = (kind: PrekeyKind): number => (isKem(kind) ? KEM_PUBLIC_BYTES : KEY_BYTES)

/** The signed bytes. */
export const prekeyBody = (fields: PrekeyFields): Bytes => {
  const out = new Writer()
    .u8(STATEMENT_VERSION)
    .u8(PREKEY_KIND[fields.kind])
    .u8(algorithmOf(fields.kind))
    .fixed(fields.accountId, ACCOUNT_ID_BYTES)
    .fixed(fields.deviceId, DEVICE_ID_BYTES)
    .u32(fields.keyId)
    .u64(fields.notBeforeMs)
    .u64(fields.notAfterMs)
    .u8(fields.binding === undefined ? 0 : 1)
  if (fields.binding !== undefined) out.fixed(fields.binding, BINDING_BYTES)
  if (fields.kind === "spk") {
    out.u8(fields.suites.length)
    for (const suite of fields.suites) out.u16(suite)
  }
  return out.u16(fields.publicKey.length).fixed(fields.publicKey, prekeyPublicBytes(fields.kind)).bytes()
}

const readKind = (input: Reader): PrekeyKind => {
  const kind = KIND_OF.get(input.u8())
  if (kind === undefined) return input.fail("unknown prekey kind", 1)
  input.expect(algorithmOf(kind), "prekey algorithm")
  return kind
}

const readBinding = (input: Reader): Bytes | undefined => {
  const live = input.u8()
  if (live > 1) input.fail("live byte is neither 0 nor 1", 1)
  return live === 1 ? input.take(BINDING_BYTES) : undefined
}

export const readSuites = (input: Reader): readonly number[] => {
  const count = input.u8()
  if (count === 0 || count > MAX_SUITES) input.fail(`${count} suites`, 1)
  return Array.from({ length: count }, () => input.u16())
}

export const prekeyLayout: Layout<Prekey> = {
  write: (out, prekey) => {
    out.put(prekey.bytes)
  },
  read: (input) => {
    const start = input.offset
    input.expect(STATEMENT_VERSION, "statement version")
    const kind = readKind(input)
    const accountId = input.take(ACCOUNT_ID_BYTES)
    const deviceId = input.take(DEVICE_ID_BYTES)
    const keyId = input.u32()
    if (keyId === 0) input.fail("key id 0", 4)
    const notBeforeMs = input.u64()
    const notAfterMs = input.u64()
    const binding = readBinding(input)
    const suites = kind === "spk" ? readSuites(input) : []
    if (input.u16() !== prekeyPublicBytes(kind)) input.fail("public key length", 2)
    const publicKey = input.take(prekeyPublicBytes(kind))
    const body = input.since(start)
    const signature = input.take(SIGNATURE_BYTES)
    const bytes = input.since(start)
    const fields = { kind, accountId, deviceId, keyId, notBeforeMs, notAfterMs, binding, suites, publicKey }
    return { ...fields, body, signature, bytes }
  },
}
export const prekeyCodec: Codec<Prekey> = /* @__PURE__ */ codec(prekeyLayout)

/** What an initiator needs of one device. */
export interface Bundle {
  readonly certificate: DeviceCertificate
  readonly list: DeviceList
  readonly spk: Prekey
  readonly opk: Prekey | undefined
  /** One-time where the directory had one, else the last-resort key. */
  readonly pq: Prekey
}

const optionalPrekey = /* @__PURE__ */ optional(prekeyLayout)

export const bundleLayout: Layout<Bundle> = {
  write: (out, bundle) => {
    certificateLayout.write(out, bundle.certificate)
    prefixedDeviceList.write(out, bundle.list)
    prekeyLayout.write(out, bundle.spk)
    optionalPrekey.write(out, bundle.opk)
    prekeyLayout.write(out, bundle.pq)
  },
  read: (input) => {
    const certificate = certificateLayout.read(input)
    const list = prefixedDeviceList.read(input)
    const spk = prekeyLayout.read(input)
    const opk = optionalPrekey.read(input)
    const pq = prekeyLayout.read(input)
    if (spk.kind !== "spk" || (opk !== undefined && opk.kind !== "opk") || !isKem(pq.kind))
      input.fail("prekey of another kind than its place asks for")
    return { certificate, list, spk, opk, pq }
  },
}
export const bundleCodec: Codec<Bundle> = /* @__PURE__ */ codec(bundleLayout)
