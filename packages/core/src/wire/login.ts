/**
 * The statement a device signs to log in at a relay. Never sent: both sides build it. relay.md §4
 *
 *   01 ‖ u16 len ‖ origin ‖ connection 16 ‖ nonce 32 ‖ u64 time ‖ u8 minVersion ‖ u8 maxVersion ‖ u8 version
 *   ‖ accountId 20 ‖ deviceId 16 ‖ SHA-256(token) 32
 */
import { utf8 } from "../bytes/text.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { ACCOUNT_ID_BYTES, DEVICE_ID_BYTES } from "./address.ts"
import { STATEMENT_VERSION } from "./tags.ts"

export interface LoginStatement {
  readonly origin: string
  readonly connection: Bytes
  readonly nonce: Bytes
  readonly timeMs: number
  readonly minVersion: number
  readonly maxVersion: number
  readonly version: number
  readonly accountId: Bytes
  readonly deviceId: Bytes
  /** SHA-256 of the app's token, of the empty string where there is none. */
  readonly tokenHash: Bytes
}

export const loginBody = (login: LoginStatement): Bytes =>
  new Writer()
    .u8(STATEMENT_VERSION)
    .prefixed(16, utf8(login.origin))
    .fixed(login.connection, 16)
    .fixed(login.nonce, 32)
    .u64(login.timeMs)
    .u8(login.minVersion)
    .u8(login.maxVersion)
    .u8(login.version)
    .fixed(login.accountId, ACCOUNT_ID_BYTES)
    .fixed(login.deviceId, DEVICE_ID_BYTES)
    .fixed(login.tokenHash, 32)
    .bytes()
