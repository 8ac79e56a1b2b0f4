/**
 * What an authentic message does to its conversation: checked against its session, numbered, stored as a
 * message, a placeholder or a receipt. Pure but for the `Change` it fills.
 */
import { equalBytes } from "../bytes/compare.ts"
import { toBase64url } from "../bytes/text.ts"
import {
  type ReceiptContent,
  type ResendContent,
  type TextContent,
  decodeReceipt,
  decodeResend,
  decodeText,
} from "../content/kinds.ts"
import { type Meta, decodeMeta } from "../content/meta.ts"
import type { DirectEvent } from "../conversation/events.ts"
import type { Head } from "../conversation/receipts.ts"
import { reduceDirect } from "../conversation/reduce.ts"
import { progressOf } from "../conversation/state.ts"
import { copy } from "../bytes/concat.ts"
import { SecureChatError } from "../errors.ts"
import type { Effect } from "../session/effect.ts"
import { type AccountId, type DeviceId, formatAccountId, formatDeviceId } from "../wire/address.ts"
import { unopened } from "../wire/faults.ts"
import type { FrameOf } from "../wire/frame-types.ts"
import { PAYLOAD_KIND } from "../wire/tags.ts"
import type { Change, Ledger } from "./ledger.ts"
import { logStart, nextHead } from "./log.ts"

export type OpenedEffect = Effect & { readonly type: "opened" }

/** One delivery on its way into the store. */
export interface Step {
  readonly change: Change
  readonly frame: FrameOf<"deliver">
  /** What is told once it is stored, in order. */
  readonly told: (() => void)[]
}

export interface Author {
  readonly account: AccountId
  readonly device: DeviceId
}
export const authorOf = (effect: Pick<OpenedEffect, "peer">): Author => ({
  account: formatAccountId(effect.peer.accountId),
  device: formatDeviceId(effect.peer.deviceId),
})

export type Reading =
  | {
      readonly type: "text"
      readonly meta: Meta
      readonly content: TextContent
      readonly contentBytes: number
    }
  | ({ readonly type: "receipt"; readonly meta: Meta } & ReceiptContent)
  | ({ readonly type: "resend"; readonly meta: Meta } & ResendContent)

/**
 * Meta and content of an authentic payload, checked against its session.
 * @throws ERR_DECODE, ERR_AUTHENTICATION, ERR_DIRECTORY_PROOF_INVALID, ERR_VERSION_UNSUPPORTED: a placeholder.
 */
export const readPayload = (ledger: Ledger, effect: OpenedEffect): Reading => {
  const { payload, peer } = effect
  const meta = decodeMeta(payload.meta)
  // A valid message moved to another room (Matrix CVE-2022-39251).
  const expected = ledger.directIdWith(formatAccountId(peer.accountId))
  if (meta.conversation !== undefined && !equalBytes(meta.conversation, expected)) throw unopened()
  const { version, hash } = meta.ownList
  if (version === peer.listVersion && !equalBytes(hash, peer.listHash.subarray(0, hash.length)))
    throw new SecureChatError("ERR_DIRECTORY_PROOF_INVALID", "two device lists of one version", {
      details: { cause: "fork" },
    })
  if (payload.kind === "receipt") return { type: "receipt", meta, ...decodeReceipt(payload.content) }
  if (payload.kind === "resend") return { type: "resend", meta, ...decodeResend(payload.content) }
  if (payload.kind !== "message")
    throw new SecureChatError(
      "ERR_VERSION_UNSUPPORTED",
      `payload kind ${PAYLOAD_KIND[payload.kind]} has no place here`,
    )
  return { type: "text", meta, content: decodeText(payload.content), contentBytes: payload.content.length }
}

/** Numbers what was read; the events say what it meant. */
export const applyReading = (
  ledger: Ledger,
  change: Change,
  what: { readonly effect: OpenedEffect; readonly reading: Reading },
): readonly DirectEvent[] => {
  const { account, device } = authorOf(what.effect)
  const { reading } = what
  const state = change.direct(account)
  const { sequence, seen, acks } = reading.meta
  const headOf = (id: Uint8Array): Head | undefined => acks?.find(({ deviceId }) => equalBytes(deviceId, id))
  const from = { deviceId: device, sequence, seen, acked: headOf(ledger.identity.certificate.deviceId) }
  const [next, events] =
    reading.type === "receipt"
      ? reduceDirect(state, {
          ...{ type: "receipt", readUpTo: reading.readUpTo, floor: reading.floor, ...from },
          head: headOf(what.effect.peer.deviceId),
        })
      : reading.type === "resend"
        ? reduceDirect(state, { type: "asked", ...from })
        : reduceDirect(state, {
            type: "message",
            ...from,
            ...chain(ledger, what.effect, reading.meta, state),
          })
  change.setDirect(account, next)
  return events
}

/** Does the author's chain go on from where it stood, and where does it stand with this message? */
const chain = (
  ledger: Ledger,
  effect: OpenedEffect,
  meta: Meta,
  state: Parameters<typeof progressOf>[0],
): { follows: boolean; next: ReturnType<typeof nextHead> } => {
  const { account, device } = authorOf(effect)
  const conversation = ledger.directIdWith(account)
  const head = progressOf(state, device).receivedHead ?? logStart(conversation, effect.peer.deviceId)
  const { previous } = meta
  if (previous === undefined) return { follows: false, next: head }
  const leaf = {
    ...{ conversation, account: effect.peer.accountId, device: effect.peer.deviceId },
    ...{ messageId: meta.messageId, sequence: meta.sequence, kind: PAYLOAD_KIND.message },
    ...{ sentAtMs: meta.sentAtMs, commitment: effect.commitment },
  }
  return { follows: equalBytes(previous, head), next: nextHead(copy(previous), leaf) }
}

export const messageIdOf = (meta: Meta): string => toBase64url(meta.messageId)
