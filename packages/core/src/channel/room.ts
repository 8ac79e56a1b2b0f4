/**
 * One peer's frames out of a shared pipe: own echoes, other conversations, other devices of one's own account
 * and whatever else a room carries are told apart here, all of them normal. protocol.md §5, rule 5
 */
import { equalBytes } from "../bytes/compare.ts"
import { SecureChatError } from "../errors.ts"
import { type Hello, helloCodec } from "../wire/channel.ts"
import { type Envelope, decodeEnvelope, peekType } from "../wire/envelope.ts"
import { ENVELOPE_TYPE } from "../wire/tags.ts"
import type { Env, Ignored, Pairing } from "./pairing-state.ts"

export type Frame =
  | { readonly type: "hello"; readonly hello: Hello }
  | { readonly type: "envelope"; readonly envelope: Envelope }
  | { readonly type: "ignored"; readonly why: Ignored }

const ignored = (why: Ignored): Frame => ({ type: "ignored", why })

const fromHello = (hello: Hello, state: Pairing, { setting }: Env): Frame => {
  const { certificate } = hello.bundle
  if (state.own.some((own) => equalBytes(own.hello.nonce, hello.nonce))) return ignored("echo")
  if (equalBytes(certificate.bytes, setting.own.certificate.bytes)) return ignored("echo")
  if (equalBytes(certificate.accountKey, setting.own.certificate.accountKey)) return ignored("own-account")
  if (!equalBytes(hello.contextHash, setting.contextHash)) return ignored("context")
  return { type: "hello", hello }
}

const fromEnvelope = (envelope: Envelope, state: Pairing, { setting }: Env): Frame => {
  const block = envelope.handshake
  if (block !== undefined) {
    if (equalBytes(block.certificate.bytes, setting.own.certificate.bytes)) return ignored("echo")
    if (equalBytes(block.certificate.accountKey, setting.own.certificate.accountKey))
      return ignored("own-account")
  }
  // Cheaper than finding out by a failed agreement: a message of ours carries our ratchet key.
  const sessions = state.parties.flatMap((party) => party.link.sessions)
  const ours = sessions.some((session) => {
    const key = session.ratchet.own?.publicKey
    return key !== undefined && equalBytes(key, envelope.ratchetKey)
  })
  return ours ? ignored("echo") : { type: "envelope", envelope }
}

/** What a frame of the pipe is to this channel. Total: whatever it is, it is not an error. */
export const readFrame = (frame: Uint8Array, state: Pairing, env: Env): Frame => {
  try {
    if (peekType(frame) === ENVELOPE_TYPE.hello) return fromHello(helloCodec.decode(frame), state, env)
    return fromEnvelope(decodeEnvelope(frame), state, env)
  } catch (error) {
    if (SecureChatError.is(error, "ERR_DECODE", "ERR_VERSION_UNSUPPORTED", "ERR_FRAME_TOO_LARGE"))
      return ignored("foreign")
    throw error
  }
}
