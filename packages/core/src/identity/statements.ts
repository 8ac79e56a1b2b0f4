/** The remaining signed statements: handle records (relay.md §5) and relay logins (relay.md §4). */
import { concat } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { LABELS, labelled } from "../primitives/labels.ts"
import { ed25519Sign, verifyStrict } from "#primitives"
import { equalBytes } from "../bytes/compare.ts"
import { type HandleFields, type HandleRecord, handleBody, handleRecordCodec } from "../wire/handle.ts"
import { type LoginStatement, loginBody } from "../wire/login.ts"
import { accountIdOfKey } from "./ids.ts"
import type { Identity } from "./keys.ts"

export const signHandle = (fields: HandleFields, own: Identity): HandleRecord => {
  const body = handleBody(fields)
  const signature = ed25519Sign(own.accountSecret.expose(), labelled(LABELS.sigHandle, body))
  return handleRecordCodec.decode(concat(body, signature))
}

/** True when the account key (32 bytes) signed the record and is its account's. */
export const verifyHandle = (record: HandleRecord, accountKey: Uint8Array): boolean =>
  equalBytes(record.accountId, accountIdOfKey(accountKey)) &&
  verifyStrict(accountKey, labelled(LABELS.sigHandle, record.body), record.signature)

/** 64 bytes by the device signing key. */
export const signLogin = (login: LoginStatement, own: Identity): Bytes =>
  ed25519Sign(own.signingSecret.expose(), labelled(LABELS.sigRelayLogin, loginBody(login)))

export const verifyLogin = (login: LoginStatement, signingKey: Uint8Array, signature: Uint8Array): boolean =>
  verifyStrict(signingKey, labelled(LABELS.sigRelayLogin, loginBody(login)), signature)
