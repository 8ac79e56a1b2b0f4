/** Publications as a directory gets them: checked before, so that any bytes will do for keys. */
import type { Bytes, Prekey, PrekeyKind } from "@securechat/core/wire"
import type { Publication } from "../../src/directory/directory.ts"

export const NOW_MS = 1_800_000_000_000
export const LATER_MS = NOW_MS + 1_000_000
export const bytes = (text: string): Bytes => new TextEncoder().encode(text)
export const text = (value: Bytes | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString()

/** A key as the relay hands it on, once its signature was checked. */
export const suitePrekey = (kind: PrekeyKind, keyId: number, body = "a", notAfterMs = LATER_MS): Prekey =>
  ({ kind, keyId, notAfterMs, body: bytes(body), bytes: bytes(`${kind}${keyId}${body}`) }) as Prekey

interface Given {
  readonly id?: string
  readonly version?: number
  /** Of the list of this version, where there are several. */
  readonly branch?: string
  readonly follows?: string
  readonly oneTime?: readonly Prekey[]
  readonly oneTimeKem?: readonly Prekey[]
  readonly revoked?: readonly string[]
  readonly listed?: readonly string[]
  readonly nowMs?: number
  readonly signed?: Prekey
  readonly lastResort?: Prekey
}
let ids = 0
export const suitePublication = (account: string, device: string, given: Given = {}): Publication => {
  const { version = 1, branch = "", follows = `hash${version - 1}`, nowMs = NOW_MS } = given
  return {
    account,
    device,
    id: given.id ?? `publication ${++ids}`,
    accountKey: bytes(`key of ${account}`),
    certificate: bytes(`certificate of ${device}`),
    list: { version, hash: `hash${version}${branch}`, bytes: bytes(`list ${version}${branch}`) },
    previousHash: follows,
    listed: given.listed ?? [device],
    revoked: given.revoked ?? [],
    set: {
      signedPrekey: given.signed ?? suitePrekey("spk", 1),
      lastResortKem: given.lastResort ?? suitePrekey("pqspk", 1),
      oneTime: given.oneTime ?? [],
      oneTimeKem: given.oneTimeKem ?? [],
    },
    nowMs,
  }
}
export const many = (kind: PrekeyKind, count: number, first = 1): readonly Prekey[] =>
  Array.from({ length: count }, (_, index) => suitePrekey(kind, first + index))
