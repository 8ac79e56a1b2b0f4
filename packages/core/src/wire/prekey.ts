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
import {
  type Codec,
  type Layout,
  after,
  codec,
  fixedBytes,
  optional,
  signed,
  struct,
  u32,
  u53,
} from "../bytes/codec.ts"
import type { Reader } from "../bytes/reader.ts"
import type { Bytes } from "../deps.ts"
import { MAX_SUITES } from "../limits.ts"
import { ACCOUNT_ID_BYTES, DEVICE_ID_BYTES } from "./address.ts"
import { type DeviceCertificate, KEY_BYTES, certificateLayout } from "./certificate.ts"
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

const kindLayout: Layout<PrekeyKind> = {
  write: (out, kind) => {
    out.u8(PREKEY_KIND[kind]).u8(algorithmOf(kind))
  },
  read: (input) => {
    const kind = KIND_OF.get(input.u8())
    if (kind === undefined) return input.fail("unknown prekey kind", 1)
    input.expect(algorithmOf(kind), "prekey algorithm")
    return kind
  },
}
const keyId: Layout<number> = { ...u32, read: (input) => input.u32() || input.fail("key id 0", 4) }

type Common = Omit<PrekeyFields, "suites" | "publicKey">
const common: Layout<Common> = /* @__PURE__ */ after(
  STATEMENT_VERSION,
  "statement version",
  struct<Common>({
    kind: kindLayout,
    accountId: fixedBytes(ACCOUNT_ID_BYTES),
    deviceId: fixedBytes(DEVICE_ID_BYTES),
    keyId,
    notBeforeMs: u53,
    notAfterMs: u53,
    binding: optional(fixedBytes(BINDING_BYTES)),
  }),
)

export const readSuites = (input: Reader): readonly number[] => {
  const count = input.u8()
  if (count === 0 || count > MAX_SUITES) input.fail(`${count} suites`, 1)
  return Array.from({ length: count }, () => input.u16())
}

const fields: Layout<PrekeyFields> = {
  write: (out, of) => {
    common.write(out, of)
    if (of.kind === "spk") {
      out.u8(of.suites.length)
      for (const suite of of.suites) out.u16(suite)
    }
    out.u16(of.publicKey.length).fixed(of.publicKey, prekeyPublicBytes(of.kind))
  },
  read: (input) => {
    const first = common.read(input)
    const suites = first.kind === "spk" ? readSuites(input) : []
    const length = prekeyPublicBytes(first.kind)
    if (input.u16() !== length) input.fail("public key length", 2)
    return { ...first, suites, publicKey: input.take(length) }
  },
}
/** The signed bytes. */
export const prekeyBody = (of: PrekeyFields): Bytes => codec(fields).encode(of)

export const prekeyLayout: Layout<Prekey> = /* @__PURE__ */ signed(fields, ["signature"])
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

const bundleFields: Layout<Bundle> = /* @__PURE__ */ struct<Bundle>({
  certificate: certificateLayout,
  list: prefixedDeviceList,
  spk: prekeyLayout,
  opk: optional(prekeyLayout),
  pq: prekeyLayout,
})
export const bundleLayout: Layout<Bundle> = {
  ...bundleFields,
  read: (input) => {
    const bundle = bundleFields.read(input)
    const { spk, opk, pq } = bundle
    if (spk.kind !== "spk" || (opk !== undefined && opk.kind !== "opk") || !isKem(pq.kind))
      input.fail("prekey of another kind than its place asks for")
    return bundle
  },
}
export const bundleCodec: Codec<Bundle> = /* @__PURE__ */ codec(bundleLayout)
