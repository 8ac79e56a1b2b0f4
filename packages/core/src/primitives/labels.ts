/**
 * Every label of the protocol, one per line, never reused (protocol.md §16). A test proves them unique
 * and the registry in `docs/protocol.md` complete. `L(label, x) = utf8(label) ‖ 0x00 ‖ x`.
 */
import { concat } from "../bytes/concat.ts"
import { utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"

export const LABELS = {
  accountId: "securechat/v1/account-id",
  deviceId: "securechat/v1/device-id",
  convDirect: "securechat/v1/conv-direct",
  context: "securechat/v1/context",
  helloPair: "securechat/v1/hello-pair",
  deviceCertHash: "securechat/v1/device-cert-hash",
  deviceListHash: "securechat/v1/device-list-hash",
  pqxdh: "securechat/v1/pqxdh",
  pqxdhTranscript: "securechat/v1/pqxdh-th",
  rootKey0: "securechat/v1/rk0",
  sessionId: "securechat/v1/sid",
  exporter: "securechat/v1/exporter",
  rootDh: "securechat/v1/root/dh",
  rootDhKem: "securechat/v1/root/dh+kem",
  fernet: "securechat/v1/fernet",
  ephemeral: "securechat/v1/ephemeral",
  leaf: "securechat/v1/leaf",
  logStart: "securechat/v1/log-start",
  store: "securechat/v1/store",
  storeKey: "securechat/v1/store-key",
  streamKey: "securechat/v1/stream-key",
  streamCommit: "securechat/v1/stream-commit",
  sigDeviceCert: "securechat/v1/sig/device-cert",
  sigDevicePop: "securechat/v1/sig/device-pop",
  sigDeviceList: "securechat/v1/sig/device-list",
  sigSpk: "securechat/v1/sig/spk",
  sigOpk: "securechat/v1/sig/opk",
  sigPqspk: "securechat/v1/sig/pqspk",
  sigPqopk: "securechat/v1/sig/pqopk",
  sigRelayLogin: "securechat/v1/sig/relay-login",
  sigHandle: "securechat/v1/sig/handle",
} as const

export type Label = (typeof LABELS)[keyof typeof LABELS]

const prefixes = /* @__PURE__ */ new Map<Label, Bytes>()
/** `utf8(label) ‖ 0x00`, spelled once: encoding text is dearer than the hash it goes into. Not to be changed. */
export const labelPrefix = (label: Label): Bytes => {
  const known = prefixes.get(label)
  if (known !== undefined) return known
  const made = utf8(`${label}\0`)
  prefixes.set(label, made)
  return made
}

/** `utf8(label) ‖ 0x00 ‖ x`: labels hold no NUL, so no label and input spell another pair. */
export const labelled = (label: Label, ...x: readonly Uint8Array[]): Bytes => concat(labelPrefix(label), ...x)
