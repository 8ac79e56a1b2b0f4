/**
 * What the transition asks the directory. The question comes back with its answer, so that nothing has
 * to be kept meanwhile.
 */
import type { Bytes } from "@securechat/core/wire"
import type {
  ClaimedKeys,
  Entered,
  Entry,
  HandleClaim,
  KnownDevice,
  Publication,
  Published,
} from "../directory/directory.ts"
import type { BucketName } from "../limit/limits.ts"

interface Questions {
  /** Who is this that has proved a device's key? */
  readonly login: {
    readonly of: { readonly account: string; readonly device: string; readonly token: Bytes }
    readonly is: KnownDevice
  }
  readonly enter: { readonly of: Entry; readonly is: Entered }
  readonly bind: { readonly of: { readonly handle: string; readonly account: string }; readonly is: boolean }
  /** May this device be sent mail? */
  readonly recipient: {
    readonly of: { readonly account: string; readonly device: string }
    readonly is: KnownDevice
  }
  readonly publish: {
    readonly of: { readonly request: number; readonly publication: Publication }
    readonly is: Published | "refused" | "full"
  }
  readonly devices: {
    readonly of: { readonly request: number; readonly account: string; readonly knownVersion: number }
    readonly is: { readonly lists: readonly Bytes[]; readonly certificates: readonly Bytes[] } | "unknown"
  }
  readonly claim: {
    readonly of: {
      readonly request: number
      readonly account: string
      readonly deviceIds: readonly Bytes[]
    }
    readonly is: readonly (ClaimedKeys | "none")[] | "unknown"
  }
  readonly setHandle: {
    readonly of: { readonly request: number; readonly claim: HandleClaim }
    readonly is: "set" | "refused" | "full"
  }
  readonly handle: {
    readonly of: { readonly request: number; readonly handle: string }
    readonly is: Bytes | "unknown"
  }
}

type Kind = keyof Questions
export type Question = { readonly [K in Kind]: { readonly ask: K } & Questions[K]["of"] }[Kind]
export type QuestionOf<K extends Kind> = Extract<Question, { readonly ask: K }>
export type AnswerTo<K extends Kind> = Questions[K]["is"]
export type Answered = {
  readonly [K in Kind]: {
    readonly ask: K
    readonly question: QuestionOf<K>
    readonly answer: AnswerTo<K>
  }
}[Kind]

/** A bucket that all relays share takes this first. Their own one has given it already. */
export interface Spending {
  readonly bucket: BucketName
  readonly owner: string
  readonly cost: number
}
