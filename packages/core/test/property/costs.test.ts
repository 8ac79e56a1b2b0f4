/**
 * What a message costs in calls and bytes, which no clock and no busy machine changes: `npm run bench` shows what they
 * come to. A figure that rises is either a mistake or is argued where it is raised.
 */
import crypto from "node:crypto"
import { syncBuiltinESMExports } from "node:module"
import { afterEach, describe, expect, it } from "vitest"
import { platformDeps } from "../../src/deps.ts"
import { Party } from "../support/party.ts"

const COUNTED = [
  ...([
    "hash",
    "createHmac",
    "createCipheriv",
    "createDecipheriv",
    "diffieHellman",
    "createPrivateKey",
  ] as const),
  ...(["createPublicKey", "generateKeyPairSync", "sign", "verify", "encapsulate", "decapsulate"] as const),
]
type Counted = (typeof COUNTED)[number]
const originals: Readonly<Record<string, unknown>> = Object.fromEntries(
  COUNTED.map((name) => [name, crypto[name]]),
)
const put = (functions: Readonly<Record<string, unknown>>): void => {
  Object.assign(crypto, functions)
  syncBuiltinESMExports()
}

/** Native calls of `work` by name. */
const callsOf = (work: () => void): Partial<Record<Counted, number>> => {
  const calls: Partial<Record<Counted, number>> = {}
  const counting = COUNTED.map((name) => [
    name,
    (...inputs: readonly unknown[]): unknown => {
      calls[name] = (calls[name] ?? 0) + 1
      return (originals[name] as (...inputs: readonly unknown[]) => unknown)(...inputs)
    },
  ])
  put(Object.fromEntries(counting) as Readonly<Record<string, unknown>>)
  work()
  put(originals)
  return calls
}

const deps = { ...platformDeps, advance: () => {} }
const pair = (): readonly [Party, Party] => {
  const [ada, bo] = [new Party(0, 1, deps), new Party(0, 1, deps)]
  ada.begin(bo.bundle())
  for (let turn = 0; turn < 3; turn++) {
    bo.receive(ada.sendText("hello"))
    ada.receive(bo.sendText("hello"))
  }
  return [ada, bo]
}

describe("the cost of a message", () => {
  afterEach(() => {
    put(originals)
  })

  it("in one chain is hashes and one cipher on each side", () => {
    const [ada, bo] = pair()
    bo.receive(ada.sendText("the chain's first"))
    let sent: Uint8Array = new Uint8Array(0)
    // Two of each HMAC: message key, chain key, Fernet key, commitment, token.
    expect(callsOf(() => void (sent = ada.sendText("x".repeat(32))))).toEqual({ hash: 10, createCipheriv: 1 })
    expect(callsOf(() => void bo.receive(sent))).toEqual({ hash: 10, createDecipheriv: 1 })
  })

  it("that turns is one key pair and two agreements more, each key imported once", () => {
    const [ada, bo] = pair()
    let sent: Uint8Array = new Uint8Array(0)
    const sending = callsOf(() => void (sent = ada.sendText("a turn")))
    expect(sending).toMatchObject({ generateKeyPairSync: 1, diffieHellman: 1, createCipheriv: 1 })
    expect(sending.createPrivateKey).toBeUndefined()
    const receiving = callsOf(() => void bo.receive(sent))
    expect(receiving).toMatchObject({ diffieHellman: 1, createPublicKey: 1, createDecipheriv: 1 })
    expect(receiving.createPrivateKey).toBeUndefined()
  })

  it("that begins between strangers checks nine signatures, four keys, and again nothing that held", () => {
    const [ada, bo] = [new Party(0, 2, deps), new Party(0, 2, deps)]
    const begin = (): void => {
      ada.begin(bo.bundle())
      bo.receive(ada.sendText("hello"))
    }
    expect(callsOf(begin)).toMatchObject({ verify: 9 })
    for (const person of [ada, bo]) person.step({ type: "reset" })
    // The two one-time prekeys are new.
    expect(callsOf(begin)).toMatchObject({ verify: 2 })
  })
})
