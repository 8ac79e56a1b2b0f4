/**
 * Bytes of a channel's hello. protocol.md §5
 *
 *   01 ‖ 06 ‖ flags 00 ‖ helloNonce 32 ‖ contextHash 32 ‖ u8 n ‖ n × u16 suite ‖ u16 len ‖ Bundle (live, no OPK)
 */
import { type Codec, type Layout, codec } from "../bytes/codec.ts"
import type { Bytes } from "../deps.ts"
import { HASH_BYTES } from "./device-list.ts"
import { unsupported } from "./faults.ts"
import { NONCE_BYTES } from "./handshake.ts"
import { type Bundle, bundleCodec, readSuites } from "./prekey.ts"
import { ENVELOPE_TYPE, PROTOCOL_VERSION } from "./tags.ts"

/** Longest bundle: certificate, longest list, three X25519-sized statements and one ML-KEM prekey. */
export const MAX_BUNDLE_BYTES = 4_096

export interface HelloFields {
  readonly nonce: Bytes
  readonly contextHash: Bytes
  /** Suites by preference. */
  readonly suites: readonly number[]
  readonly bundle: Bundle
}
export interface Hello extends HelloFields {
  /** The whole frame as received: a stripped offer changes the keys. */
  readonly bytes: Bytes
}

const layout: Layout<Hello> = {
  write: (out, hello) => {
    out.u8(PROTOCOL_VERSION).u8(ENVELOPE_TYPE.hello).u8(0)
    out.fixed(hello.nonce, NONCE_BYTES).fixed(hello.contextHash, HASH_BYTES).u8(hello.suites.length)
    for (const suite of hello.suites) out.u16(suite)
    out.prefixed(16, bundleCodec.encode(hello.bundle))
  },
  read: (input) => {
    const start = input.offset
    input.expect(PROTOCOL_VERSION, "protocol version")
    input.expect(ENVELOPE_TYPE.hello, "envelope type")
    if (input.u8() !== 0) throw unsupported("hello flag", "flags")
    const nonce = input.take(NONCE_BYTES)
    const contextHash = input.take(HASH_BYTES)
    const suites = readSuites(input)
    const bundle = bundleCodec.decode(input.prefixed(16, MAX_BUNDLE_BYTES))
    return { nonce, contextHash, suites, bundle, bytes: input.since(start) }
  },
}
export const helloCodec: Codec<Hello> = /* @__PURE__ */ codec(layout)

/** The frame of a hello, with its bytes. */
export const makeHello = (fields: HelloFields): Hello =>
  helloCodec.decode(helloCodec.encode({ ...fields, bytes: new Uint8Array(0) }))
