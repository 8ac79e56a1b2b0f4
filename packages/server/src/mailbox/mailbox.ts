/**
 * Where undelivered envelopes wait: opaque bytes per device, in the order they came. Drivers implement
 * this; the suite in `test/suites/mailbox.ts` runs on each. relay.md §7
 */
import type { DeviceId } from "@securechat/core/wire"
import type { Answer } from "../directory/directory.ts"

export interface MailItem {
  /** At most 64 ASCII characters: the mailbox's epoch and a place that only rises. */
  readonly cursor: string
  readonly envelope: Uint8Array
}
/** What was just appended, for whoever watches. */
export interface FreshMail extends MailItem {
  /** Cursor of what was appended to this mailbox before it, there still or not; empty: nothing is known of any. */
  readonly follows: string
}
export interface MailPlace {
  /** False: the cursor belongs to another epoch or is none, and counts as none. */
  readonly resumed: boolean
  /** The cursor to read on from, or empty. */
  readonly after: string
  /** Envelopes after it. */
  readonly backlog: number
}
interface MailAfter {
  readonly device: DeviceId
  /** A cursor, or empty. */
  readonly after: string
}
export interface MailCounts {
  readonly mailboxes: number
  readonly messages: number
}
export interface Mailbox {
  /**
   * Resolves only when the envelope is as durable as this driver is configured; a rejection means that
   * nothing is known. The same `id` within 24 h is stored once. At a cap nothing stored is pushed out. The
   * envelope is the driver's to keep: nobody writes to it any more, nor to what `read` gives. A driver that
   * has the answer at hand may give it without a promise, here and below.
   */
  append(
    device: DeviceId,
    envelope: Uint8Array,
    options: { readonly id: string; readonly expiresAt: Date },
  ): Answer<"stored" | "duplicate" | "full">
  /** Deletes up to `cursor` where it is of this epoch, and says where the device stands. */
  resume(device: DeviceId, cursor: string): Answer<MailPlace>
  /** At most `limit` envelopes after a cursor of `resume` or `read`, in order. */
  read(
    device: DeviceId,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): Answer<readonly MailItem[]>
  /** Deletes up to and including this cursor; one of another epoch does nothing. */
  ack(device: DeviceId, upTo: string): Answer<void>
  /** Deletes everything of a revoked device. */
  drop(device: DeviceId): Answer<void>
  /**
   * Calls on every append to the device until the returned function is called. A wake-up, no promise of mail; with what
   * was appended, where the driver has it at hand, so that it need not be read again.
   */
  watch(device: DeviceId, onMail: (fresh?: FreshMail) => void): () => void
  /** Mailboxes that hold something, and what they hold. */
  counts(): MailCounts | Promise<MailCounts>
  /** Of a driver that others write to as well: which of these devices have mail after their cursors. */
  news?(places: readonly MailAfter[]): Promise<readonly DeviceId[]>
  close(): Promise<void>
}
