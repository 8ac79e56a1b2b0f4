/** What the tests use of the npm package `fernet`, with the types it does not bring. */
// @ts-expect-error -- no types
import untyped from "fernet"

interface NpmSecret {
  readonly signingKeyHex: string
}
interface NpmToken {
  encode(message: string): string
  decode(): string
}
interface NpmFernet {
  readonly Secret: new (key: string) => NpmSecret
  /** `ttl` in seconds, 0 for none; `time` is anything that `Date.parse` reads. */
  readonly Token: new (options: {
    secret: NpmSecret
    token?: string
    ttl?: number
    time?: string
  }) => NpmToken
}

export const npmFernet: NpmFernet = untyped as NpmFernet
