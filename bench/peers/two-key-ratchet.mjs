/** 2key-ratchet: X3DH and Double Ratchet on P-256 over WebCrypto. */
import { webcrypto } from "node:crypto"
import ratchet from "2key-ratchet"

const { AsymmetricRatchet, Identity, MessageSignedProtocol, PreKeyBundleProtocol, PreKeyMessageProtocol } =
  ratchet
ratchet.setEngine("node", webcrypto)

const bundleOf = async (identity) => {
  const bundle = new PreKeyBundleProtocol()
  await bundle.identity.fill(identity)
  bundle.registrationId = identity.id
  const [preKey] = identity.signedPreKeys
  bundle.preKeySigned.id = 0
  bundle.preKeySigned.key = preKey.publicKey
  await bundle.preKeySigned.sign(identity.signingKey.privateKey)
  bundle.preKey.id = 0
  bundle.preKey.key = identity.preKeys[0].publicKey
  return bundle.exportProto()
}
const meet = async (ada, bo, bytes) => {
  const bundle = await PreKeyBundleProtocol.importProto(bytes)
  const from = await AsymmetricRatchet.create(ada, bundle)
  const first = await (await from.encrypt(new Uint8Array(32).fill(7).buffer)).exportProto()
  const message = await PreKeyMessageProtocol.importProto(first)
  const to = await AsymmetricRatchet.create(bo, message)
  await to.decrypt(message.signedMessage)
  return [from, to]
}
const pass = async (from, to, content) => {
  const bytes = await (await from.encrypt(content)).exportProto()
  return to.decrypt(await MessageSignedProtocol.importProto(bytes))
}
const pair = async () => {
  const [ada, bo] = [await Identity.create(1, 1, 1), await Identity.create(2, 1, 1)]
  const [from, to] = await meet(ada, bo, await bundleOf(bo))
  const hello = new Uint8Array(5).buffer
  for (let turn = 0; turn < 3; turn++) {
    await pass(to, from, hello)
    await pass(from, to, hello)
  }
  return [from, to]
}

export const tasks = {
  handshakeKnown: async () => {
    const [ada, bo] = [await Identity.create(1, 1, 1), await Identity.create(2, 1, 1)]
    const bytes = await bundleOf(bo)
    return { work: () => meet(ada, bo, bytes) }
  },
  oneWay: async ({ bytes }) => {
    const [from, to] = await pair()
    const content = new Uint8Array(bytes).fill(7).buffer
    return { work: () => pass(from, to, content) }
  },
  pingPong: async ({ bytes }) => {
    const [from, to] = await pair()
    const content = new Uint8Array(bytes).fill(7).buffer
    return {
      worth: 2,
      work: async () => {
        await pass(from, to, content)
        await pass(to, from, content)
      },
    }
  },
}
