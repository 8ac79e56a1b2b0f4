/** Olm in WebAssembly: triple Diffie-Hellman, no post-quantum part, text in and out. */
import Olm from "@matrix-org/olm"

await Olm.init()

const account = () => {
  const made = new Olm.Account()
  made.create()
  return made
}
const identityOf = (of) => JSON.parse(of.identity_keys()).curve25519
const oneTimeKey = (of) => {
  of.generate_one_time_keys(1)
  const [key] = Object.values(JSON.parse(of.one_time_keys()).curve25519)
  of.mark_keys_as_published()
  return key
}
const meet = (ada, bo, key) => {
  const outbound = new Olm.Session()
  outbound.create_outbound(ada, identityOf(bo), key)
  const { body } = outbound.encrypt("x".repeat(32))
  const inbound = new Olm.Session()
  inbound.create_inbound(bo, body)
  bo.remove_one_time_keys(inbound)
  inbound.decrypt(0, body)
  return [outbound, inbound]
}
const pass = (from, to, text) => {
  const { type, body } = from.encrypt(text)
  return to.decrypt(type, body)
}
export const pair = () => {
  const [ada, bo] = [account(), account()]
  const [from, to] = meet(ada, bo, oneTimeKey(bo))
  for (let turn = 0; turn < 3; turn++) {
    pass(to, from, "hello")
    pass(from, to, "hello")
  }
  return [from, to]
}

export const tasks = {
  handshakeKnown: () => {
    const [ada, bo] = [account(), account()]
    let key
    let made = []
    return {
      before: () => {
        for (const session of made) session.free()
        key = oneTimeKey(bo)
      },
      work: () => {
        made = meet(ada, bo, key)
      },
    }
  },
  oneWay: ({ bytes }) => {
    const [from, to] = pair()
    const text = "x".repeat(bytes)
    return { work: () => pass(from, to, text) }
  },
  pingPong: ({ bytes }) => {
    const [from, to] = pair()
    const text = "x".repeat(bytes)
    return {
      worth: 2,
      work: () => {
        pass(from, to, text)
        pass(to, from, text)
      },
    }
  },
  /** Its pickle is text: the bytes behind it. */
  stored: () => {
    const [from] = pair()
    return { measure: async () => Buffer.from(from.pickle("key"), "base64").length }
  },
}
