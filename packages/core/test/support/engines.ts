/**
 * Whole clients and no network: everything between an app and a store is the product's own, and what one seals is handed to
 * the other as a relay would deliver it.
 */
import type { Deps } from "../../src/deps.ts"
import { Asking } from "../../src/client/asking.ts"
import type { FoundAccount } from "../../src/client/directory.ts"
import { Engine } from "../../src/client/engine.ts"
import { Inbox } from "../../src/client/inbox.ts"
import { Change } from "../../src/client/ledger.ts"
import { settingsOf } from "../../src/client/options.ts"
import { beginSession } from "../../src/client/sessions.ts"
import { firstSeen } from "../../src/identity/trust.ts"
import { Batch, commit } from "../../src/runtime/commit.ts"
import type { Store, StoreOp } from "../../src/store/store.ts"
import { type ConversationId, parseAccountId } from "../../src/wire/address.ts"
import type { FrameOf } from "../../src/wire/frame-types.ts"
import { type Bundle, type Prekey, type PrekeyKind, prekeyCodec } from "../../src/wire/prekey.ts"

/** So many one-time keys of each kind are made: the relay is said to have the others. */
const STOCK = { oneTimeLeft: 97, kemLeft: 17 }

/** A client that was loaded and never connects. */
export class Offline {
  readonly engine: Engine
  readonly texts: string[] = []
  readonly errors: string[] = []
  readonly #inbox: Inbox
  readonly #deps: Deps
  readonly #oneTime: Prekey[] = []
  #bundle: Bundle | undefined

  constructor(store: Store, deps: Deps) {
    this.#deps = deps
    const settings = settingsOf({
      store,
      transport: { name: "none", connect: () => Promise.reject(new Error("offline")) },
    })
    const nothing = (): void => undefined
    this.engine = new Engine(
      settings,
      {
        emit: (type, event) => {
          if (type === "message") this.texts.push((event as { text?: string }).text ?? "")
          if (type === "error") this.errors.push((event as { code: string }).code)
        },
        ...{ changed: nothing, announce: nothing, forgotten: nothing, lost: nothing },
      },
      // Nothing waits here: time stands still.
      { deps, timers: { after: () => nothing } },
    )
    const { context, sessions } = this.engine
    this.#inbox = new Inbox(context, new Asking(context, sessions))
  }
  async load(): Promise<this> {
    await this.engine.load()
    return this
  }
  /** Loaded, and started: what no call can return is told. */
  async begin(): Promise<this> {
    await this.load()
    this.engine.start()
    return this
  }

  /** What a directory would say of it. */
  get found(): FoundAccount {
    const { accountId, deviceId, certificate, list } = this.engine.ledger.identity
    const { accountKey } = certificate
    const pin = { accountId: parseAccountId(accountId), accountKey }
    return { account: accountId, pin, known: { accountKey, list }, devices: [deviceId] }
  }
  /** Keys to begin with: one-time keys while there are some, then the last-resort key. */
  async bundle(): Promise<Bundle> {
    this.#bundle ??= await this.#publish()
    const of = (kind: PrekeyKind): Prekey | undefined => {
      const at = this.#oneTime.findIndex((key) => key.kind === kind)
      return at === -1 ? undefined : this.#oneTime.splice(at, 1)[0]
    }
    return { ...this.#bundle, opk: of("opk"), pq: of("pqopk") ?? this.#bundle.pq }
  }
  async #publish(): Promise<Bundle> {
    const { ledger } = this.engine
    const { identity, prekeys, store } = ledger
    const prepared = await prekeys.prepare(identity, STOCK, this.#deps, () => Promise.resolve())
    const batch = new Batch()
    prekeys.keep(prepared, batch)
    prekeys.published(batch)
    await commit(store, batch)
    prekeys.kept(prepared)
    const { signedPrekey, lastResortKem, oneTime, oneTimeKem } = prepared.frame
    const read = (bytes: Uint8Array): Prekey => prekeyCodec.decode(bytes)
    this.#oneTime.push(...[...oneTime, ...oneTimeKem].map(read))
    const { certificate, list } = identity
    return { certificate, list, spk: read(signedPrekey), opk: undefined, pq: read(lastResortKem) }
  }

  /** A conversation with keys, as a look-up makes it. */
  async meet(peer: FoundAccount, bundle: Bundle): Promise<ConversationId> {
    const { ledger } = this.engine
    const change = new Change(ledger)
    const id = ledger.newConversationId(peer.account)
    beginSession(ledger, change, peer, { device: peer.devices[0]!, bundle })
    change.setConversation({
      ...{ id, trust: firstSeen(peer.account, peer.pin), fixed: true, createdAtMs: this.#deps.nowMs() },
      ...{ places: 0, devices: "proven", stranger: false },
    })
    await ledger.commit(change)
    return id
  }

  /** Seals a text; its envelope waits in the outbox. */
  async send(text: string): Promise<void> {
    const [id] = this.engine.ledger.conversations.keys()
    await this.engine.outbox.send(id!, { text, replyTo: undefined })
  }
  /** Everything in the outbox as a relay delivers it, oldest first. */
  get mail(): FrameOf<"deliver">[] {
    const { entries, identity } = this.#outgoing
    return entries.map(({ envelopeId, envelope, order }) => ({
      ...{ type: "deliver", request: 0, cursor: Uint8Array.of(order), envelopeId, acceptedAtMs: 0 },
      ...{ fromAccountId: parseAccountId(identity.accountId), fromDeviceId: identity.certificate.deviceId },
      body: envelope,
    }))
  }
  get #outgoing() {
    const { ledger } = this.engine
    return { entries: ledger.entries(), identity: ledger.identity }
  }
  /** Rejects where the product would end the connection. */
  take(frame: FrameOf<"deliver">): Promise<void> {
    return this.#inbox.deliver(
      frame,
      () => true,
      () => undefined,
    )
  }
}

/** Everything a store holds, to be put into another one. */
export const contentsOf = async (store: Store): Promise<StoreOp[]> => {
  const ops: StoreOp[] = []
  for await (const [key, value] of store.list([])) ops.push({ type: "set", key, value })
  return ops
}
/** The same as text, to be compared. */
export const spelled = (ops: readonly StoreOp[]): string[] =>
  ops.map((op) => `${op.key.join("/")} ${op.type === "set" ? Buffer.from(op.value).toString("base64") : ""}`)
