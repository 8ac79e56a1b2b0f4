/**
 * What `npm run bench` measures of handshake and ratchet: the pure machine with everything a message has, from payload to
 * envelope bytes and back. Meta has the size the client gives it.
 */
import { platformDeps } from "../../src/deps.ts"
import { linkCodec } from "../../src/session/codec.ts"
import type { Payload } from "../../src/session/payload.ts"
import { decrypt, encrypt } from "../../src/ratchet/ratchet.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { bundleCodec } from "../../src/wire/prekey.ts"
import { Party } from "../support/party.ts"

const META_BYTES = 138
const deps = { ...platformDeps, advance: () => {} }
const person = (oneTimeKeys: number): Party => new Party(0, oneTimeKeys, deps)

const messageOf = (bytes: number): Payload => ({
  kind: "message",
  meta: deps.random(META_BYTES),
  content: new Uint8Array(bytes).fill(7),
})

const opened = (to: Party, envelope: Uint8Array): void => {
  const effects = to.receive(envelope)
  if (!effects.some((effect) => effect.type === "opened")) throw new Error("nothing opened")
}

/** Both sides have answered: no message carries a handshake or a KEM key any more. */
const pair = (): readonly [Party, Party] => {
  const [ada, bo] = [person(1), person(1)]
  ada.begin(bundleCodec.decode(bundleCodec.encode(bo.bundle())))
  for (let turn = 0; turn < 3; turn++) {
    opened(bo, ada.send(messageOf(10)))
    opened(ada, bo.send(messageOf(10)))
  }
  return [ada, bo]
}

/** What the process holds, in bytes, after a collection. Run with `--expose-gc`. */
const held = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().rss
}

interface Sized {
  readonly bytes: number
}
const greeting = messageOf(32)
const meet = (ada: Party, bo: Party, bundle: Uint8Array): void => {
  ada.begin(bundleCodec.decode(bundle))
  opened(bo, ada.send(greeting))
}

export const tasks = {
  /** Bundle bytes in, first message opened. Prekeys were made before, as a directory has them. */
  handshakeKnown: () => {
    const [ada, bo] = [person(0), person(0)]
    let bundle: Uint8Array = new Uint8Array(0)
    return {
      before: () => {
        ada.step({ type: "reset" })
        bo.step({ type: "reset" })
        bo.stock(1)
        bundle = bundleCodec.encode(bo.bundle())
      },
      work: () => {
        meet(ada, bo, bundle)
      },
    }
  },
  /** The same between people neither of whom saw a key of the other's before. */
  handshakeFirst: () => {
    let [ada, bo] = [person(0), person(0)]
    let bundle: Uint8Array = new Uint8Array(0)
    return {
      before: () => {
        ada = person(0)
        bo = person(1)
        bundle = bundleCodec.encode(bo.bundle())
      },
      work: () => {
        meet(ada, bo, bundle)
      },
    }
  },
  /** At this place of a conversation in which each side speaks ten times in turn. */
  atLength: ({ messages, bytes }: Sized & { readonly messages: number }) => {
    const [ada, bo] = pair()
    const message = messageOf(bytes)
    let count = 0
    const next = (): void => {
      const [from, to] = Math.floor(count++ / 10) % 2 === 0 ? [ada, bo] : [bo, ada]
      opened(to, from.send(message))
    }
    while (count < messages) next()
    return { work: next }
  },
  oneWay: ({ bytes }: Sized) => {
    const [ada, bo] = pair()
    const message = messageOf(bytes)
    return {
      work: () => {
        opened(bo, ada.send(message))
      },
    }
  },
  /** The ratchet alone: neither padding nor commitment, what Olm does. */
  oneWayBare: ({ bytes }: Sized) => {
    const [ada, bo] = pair()
    let [from, to] = [ada.ratchet(), bo.ratchet()]
    const payload = new Uint8Array(bytes).fill(7)
    const sessionId = deps.random(16)
    const plain = { sessionId, handshake: undefined, commitment: undefined, payload }
    return {
      work: () => {
        const [sent, envelope] = encrypt(from, plain, deps)
        from = sent
        to = decrypt(to, decodeEnvelope(envelope), deps)[0]
      },
    }
  },
  /** A Diffie-Hellman step with each message, ML-KEM steps as the policy has them. */
  pingPong: ({ bytes }: Sized) => {
    const [ada, bo] = pair()
    const message = messageOf(bytes)
    return {
      worth: 2,
      work: () => {
        opened(bo, ada.send(message))
        opened(ada, bo.send(message))
      },
    }
  },
  /** Bytes of one session as it is stored. */
  stored: () => {
    const [ada] = pair()
    return { measure: () => Promise.resolve(linkCodec.encode(ada.link).length) }
  },
  /** Bytes a live session takes, over 10,000. */
  heap: () => {
    const stored = linkCodec.encode(pair()[0].link)
    const links: unknown[] = []
    return {
      measure: () => {
        const before = held()
        for (let i = 0; i < 10_000; i++) links.push(linkCodec.decode(stored))
        return Promise.resolve((held() - before) / 10_000)
      },
    }
  },
}
