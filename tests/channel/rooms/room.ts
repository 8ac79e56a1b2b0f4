/** What a test needs of a server that others wrote: a way in, and everything it was ever told. */
import type { Transport } from "@securechat/core"

export interface StrangersRoom extends AsyncDisposable {
  /** A way in for one more member. */
  join(): Transport
  /** What one of the app's own people says, in the app's own way, without us. */
  chat(text: string): Promise<void>
  /** All it was told, as it had it before it. */
  seen(): Promise<Buffer>
}
