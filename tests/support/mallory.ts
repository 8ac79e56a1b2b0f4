/**
 * Mallory: an account of the evil relay's own, with real keys and signatures. The relay lets her answer in place of
 * somebody else, and keeps the real directory out of it.
 */
import { randomBytes } from "node:crypto"
import { generatePrekey } from "@securechat/core/identity"
import {
  type AccountId,
  type Bytes,
  bundleBytes,
  claimAnswerCodec,
  devicesAnswerCodec,
  formatAccountId,
} from "@securechat/core/wire"
import { relayDevice } from "@securechat/testkit"
import type { EvilRelay } from "./evil-relay.ts"

export interface Mallory {
  readonly accountId: AccountId
  /** The same, 20 bytes. */
  readonly account: Bytes
  /** From now on this name leads the victim to Mallory. Returns the end of that. */
  posesAs(name: string, victim: string): () => void
  /** Her statements in answer to a question about another account. */
  answersFor(account: AccountId, victim: string): () => void
}

/**
 * @param nowMs the world's time: dates of prekeys are checked.
 * @param random of a seed, where the run has one.
 */
export const mallory = (
  evil: EvilRelay,
  nowMs: () => number,
  random: (length: number) => Bytes = (length) => new Uint8Array(randomBytes(length)),
): Mallory => {
  const deps = { random, nowMs }
  const device = relayDevice(deps)
  const { identity } = device
  const prekey = (kind: "spk" | "opk" | "pqopk"): Bytes =>
    generatePrekey(identity, kind, undefined, deps).statement.bytes
  const statements = { certificate: identity.certificate.bytes, list: identity.list.bytes }
  const bundle = (): Bytes =>
    bundleBytes({ ...statements, signedPrekey: prekey("spk"), oneTime: prekey("opk"), kem: prekey("pqopk") })
  const ok = (request: number, body: Bytes) => ({ type: "ok", request, body }) as const
  const all = (ends: readonly (() => void)[]) => (): void => {
    for (const end of ends) end()
  }
  const answersFor: Mallory["answersFor"] = (account, victim) => {
    const asked = (id: Uint8Array): boolean => formatAccountId(id) === account
    return all([
      evil.answer(victim, "devices", ({ request, accountId, knownVersion }) => {
        const lists = knownVersion === 0 ? [statements.list] : []
        const answer = { lists, certificates: [statements.certificate] }
        return asked(accountId) ? ok(request, devicesAnswerCodec.encode(answer)) : undefined
      }),
      evil.answer(victim, "claim", ({ request, accountId }) => {
        const answer = { devices: [{ deviceId: device.deviceId, bundle: bundle() }] }
        return asked(accountId) ? ok(request, claimAnswerCodec.encode(answer)) : undefined
      }),
      // She takes what is meant for her.
      evil.answer(victim, "submit", ({ request, accountId, envelopeId }) =>
        asked(accountId) ? { type: "accepted", request, envelopeId, repeated: false } : undefined,
      ),
    ])
  }
  const posesAs: Mallory["posesAs"] = (name, victim) =>
    all([
      answersFor(identity.accountId, victim),
      evil.answer(victim, "handleGet", ({ request, handle }) =>
        handle === name ? ok(request, device.handleSet(1, name).record) : undefined,
      ),
    ])
  return { accountId: identity.accountId, account: device.accountId, posesAs, answersFor }
}
