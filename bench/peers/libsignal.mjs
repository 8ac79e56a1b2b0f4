/** libsignal-client: the native library of Signal, PQXDH and its post-quantum ratchet as it comes. */
import * as signal from "@signalapp/libsignal-client"

const { KEMKeyPair, KyberPreKeyRecord, PreKeyBundle, PreKeyRecord, PrivateKey, ProtocolAddress } = signal
const local = (name) => ProtocolAddress.new(name, 1)

class Sessions extends signal.SessionStore {
  held = new Map()
  saveSession = async (name, record) => void this.held.set(name.toString(), record)
  getSession = async (name) => this.held.get(name.toString()) ?? null
  getExistingSessions = async (names) => names.map((name) => this.held.get(name.toString()))
}
class Identities extends signal.IdentityKeyStore {
  known = new Map()
  constructor(key) {
    super()
    this.key = key
  }
  getIdentityKey = async () => this.key
  getLocalRegistrationId = async () => 5
  saveIdentity = async (name, key) => {
    this.known.set(name.toString(), key)
    return signal.IdentityChange.NewOrUnchanged
  }
  isTrustedIdentity = async () => true
  getIdentity = async (name) => this.known.get(name.toString()) ?? null
}
class PreKeys extends signal.PreKeyStore {
  held = new Map()
  savePreKey = async (id, record) => void this.held.set(id, record)
  getPreKey = async (id) => this.held.get(id)
  removePreKey = async (id) => void this.held.delete(id)
}
class SignedPreKeys extends signal.SignedPreKeyStore {
  held = new Map()
  saveSignedPreKey = async (id, record) => void this.held.set(id, record)
  getSignedPreKey = async (id) => this.held.get(id)
}
class KyberPreKeys extends signal.KyberPreKeyStore {
  held = new Map()
  saveKyberPreKey = async (id, record) => void this.held.set(id, record)
  getKyberPreKey = async (id) => this.held.get(id)
  markKyberPreKeyUsed = async (id) => void this.held.delete(id)
}

export class Person {
  sessions = new Sessions()
  preKeys = new PreKeys()
  signedPreKeys = new SignedPreKeys()
  kyberPreKeys = new KyberPreKeys()
  next = 2
  constructor(name) {
    this.address = local(name)
    this.identityKey = PrivateKey.generate()
    this.identities = new Identities(this.identityKey)
    this.signedKey = PrivateKey.generate()
    this.signature = this.identityKey.sign(this.signedKey.getPublicKey().serialize())
    const { signedKey } = this
    const record = signal.SignedPreKeyRecord.new(1, 1, signedKey.getPublicKey(), signedKey, this.signature)
    void this.signedPreKeys.saveSignedPreKey(1, record)
  }
  /** The bytes of a bundle, its one-time keys kept. */
  async bundle() {
    const id = this.next++
    const oneTime = PrivateKey.generate()
    const kem = KEMKeyPair.generate()
    const kemSignature = this.identityKey.sign(kem.getPublicKey().serialize())
    await this.preKeys.savePreKey(id, PreKeyRecord.new(id, oneTime.getPublicKey(), oneTime))
    await this.kyberPreKeys.saveKyberPreKey(id, KyberPreKeyRecord.new(id, 1, kem, kemSignature))
    return {
      id,
      oneTime: oneTime.getPublicKey().serialize(),
      signed: this.signedKey.getPublicKey().serialize(),
      signature: this.signature,
      identity: this.identityKey.getPublicKey().serialize(),
      kem: kem.getPublicKey().serialize(),
      kemSignature,
    }
  }
  async begin(peer, raw) {
    const key = (bytes) => signal.PublicKey.deserialize(bytes)
    const kem = signal.KEMPublicKey.deserialize(raw.kem)
    const bundle = PreKeyBundle.new(
      ...[5, 1, raw.id, key(raw.oneTime), 1, key(raw.signed), raw.signature, key(raw.identity)],
      ...[raw.id, kem, raw.kemSignature],
    )
    await signal.processPreKeyBundle(bundle, peer, this.address, this.sessions, this.identities)
  }
  async send(peer, content) {
    const { address, sessions, identities } = this
    const message = await signal.signalEncrypt(content, peer, address, sessions, identities)
    return { first: message.type() === signal.CiphertextMessageType.PreKey, bytes: message.serialize() }
  }
  receive(peer, { first, bytes }) {
    const { address, sessions, identities } = this
    if (!first) {
      const message = signal.SignalMessage.deserialize(bytes)
      return signal.signalDecrypt(message, peer, address, sessions, identities)
    }
    const message = signal.PreKeySignalMessage.deserialize(bytes)
    const stores = [sessions, identities, this.preKeys, this.signedPreKeys, this.kyberPreKeys]
    return signal.signalDecryptPreKey(message, peer, address, ...stores)
  }
}

const greeting = new Uint8Array(32).fill(7)
export const pair = async () => {
  const [ada, bo] = [new Person("ada"), new Person("bo")]
  await ada.begin(bo.address, await bo.bundle())
  for (let turn = 0; turn < 3; turn++) {
    await bo.receive(ada.address, await ada.send(bo.address, greeting))
    await ada.receive(bo.address, await bo.send(ada.address, greeting))
  }
  return [ada, bo]
}
const handshake = (people) => {
  let [ada, bo] = people()
  let bundle
  return {
    before: async () => {
      ;[ada, bo] = people()
      bundle = await bo.bundle()
    },
    work: async () => {
      await ada.begin(bo.address, bundle)
      await bo.receive(ada.address, await ada.send(bo.address, greeting))
    },
  }
}

export const tasks = {
  handshakeKnown: () => {
    const people = [new Person("ada"), new Person("bo")]
    return handshake(() => {
      for (const person of people) person.sessions = new Sessions()
      return people
    })
  },
  handshakeFirst: () => handshake(() => [new Person("ada"), new Person("bo")]),
  oneWay: async ({ bytes }) => {
    const [ada, bo] = await pair()
    const content = new Uint8Array(bytes).fill(7)
    return {
      work: async () => {
        await bo.receive(ada.address, await ada.send(bo.address, content))
      },
    }
  },
  pingPong: async ({ bytes }) => {
    const [ada, bo] = await pair()
    const content = new Uint8Array(bytes).fill(7)
    return {
      worth: 2,
      work: async () => {
        await bo.receive(ada.address, await ada.send(bo.address, content))
        await ada.receive(bo.address, await bo.send(ada.address, content))
      },
    }
  },
  stored: async () => {
    const [ada, bo] = await pair()
    const record = await ada.sessions.getSession(bo.address)
    return { measure: async () => record.serialize().length }
  },
  heap: async () => {
    const [ada, bo] = await pair()
    const stored = (await ada.sessions.getSession(bo.address)).serialize()
    const records = []
    const held = () => {
      globalThis.gc()
      globalThis.gc()
      return process.memoryUsage().rss
    }
    return {
      measure: async () => {
        const before = held()
        for (let i = 0; i < 10_000; i++) records.push(signal.SessionRecord.deserialize(stored))
        return (held() - before) / 10_000
      },
    }
  },
}
