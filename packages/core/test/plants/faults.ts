/**
 * Faults planted into a copy of the sources, each removing one check, and the test that must notice. A fault
 * whose text is no longer found fails: then the check moved, and its fault has to follow.
 */
import { CHANNEL_FAULTS } from "./channel-faults.ts"
import { STORE_FAULTS } from "./store-faults.ts"

export interface Fault {
  readonly name: string
  /** Below `packages/core`. */
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly test: string
  /** The test that must fail, by its name. */
  readonly caughtBy: string
}

const ratchet = "src/ratchet/ratchet.test.ts"
const transition = "src/session/transition.test.ts"
const identity = "src/identity/identity.test.ts"
const handshake = "src/handshake/handshake.test.ts"

export const FAULTS: readonly Fault[] = [
  {
    name: "the token's HMAC is not compared",
    file: "src/fernet/token.ts",
    find: "if (!equalBytes(",
    replace: "if (false && !equalBytes(",
    test: ratchet,
    caughtBy: "[B13] changes nothing on a thousand broken messages, and opens the genuine one",
  },
  {
    name: "the header is not bound into the message key",
    file: "src/ratchet/chain.ts",
    find: "LABELS.fernet, [associated, header]",
    replace: "LABELS.fernet, [associated]",
    test: ratchet,
    caughtBy: "[B1] refuses every flipped bit of header and token",
  },
  {
    name: "the direction is left out",
    file: "src/ratchet/chain.ts",
    find: 'sender === "initiator" ? FROM_INITIATOR : FROM_RESPONDER',
    replace: "FROM_INITIATOR",
    test: "test/vectors/own/own.test.ts",
    caughtBy: "of ratchet are what the code computes today, byte for byte",
  },
  {
    name: "a label is shared",
    file: "src/primitives/labels.ts",
    find: '"securechat/v1/sid"',
    replace: '"securechat/v1/rk0"',
    test: "src/primitives/hkdf.test.ts",
    caughtBy: "are unique, printable ASCII without NUL, and none begins another with a separator",
  },
  {
    name: "the bound of a forward jump is off by one",
    file: "src/ratchet/ratchet.ts",
    find: "envelope.count - chain.count > MAX_FORWARD_JUMP",
    replace: "envelope.count - chain.count > MAX_FORWARD_JUMP + 1",
    test: ratchet,
    caughtBy: "[B12] refuse a counter beyond the jump without deriving, at its exact edge",
  },
  {
    name: "a used skipped key is kept",
    file: "src/ratchet/skipped.ts",
    find: "skipped: state.skipped.filter((key) => key !== used)",
    replace: "skipped: state.skipped",
    test: "src/ratchet/secrecy.test.ts",
    caughtBy: "opens no message that was read, also after skipped and late ones",
  },
  {
    name: "a sending chain key is used twice",
    file: "src/ratchet/ratchet.ts",
    find: "chainKey: next, count: sending.count + 1",
    replace: "chainKey: sending.chainKey, count: sending.count + 1",
    test: ratchet,
    caughtBy: "opens messages in any order, each once",
  },
  {
    name: "a missing or unexpected KEM answer is let through",
    file: "src/ratchet/kem-step.ts",
    find: "if ((ciphertext === undefined) !== (seed === undefined))",
    replace: "if (false)",
    test: ratchet,
    caughtBy: "refuse a missing and an unexpected answer",
  },
  {
    name: "a low-order key is agreed with",
    file: "src/handshake/secrets.ts",
    find: "return x25519(own, theirs)",
    replace: "return theirs.some((byte) => byte !== 0) ? x25519(own, theirs) : new Uint8Array(32)",
    test: handshake,
    caughtBy: "[A5] refuses a low-order key in every position",
  },
  {
    name: "the context is left out of the transcript",
    file: "src/handshake/transcript.ts",
    find: "        input.context,\n",
    replace: "",
    test: handshake,
    caughtBy: "leads elsewhere when anything of the transcript differs",
  },
  {
    name: "a session with oneself is allowed",
    file: "src/handshake/responder.ts",
    find: "if (equalBytes(block.certificate.accountKey, own.certificate.accountKey))",
    replace: "if (false)",
    test: handshake,
    caughtBy: "[A4] refuses a session with oneself, on both sides",
  },
  {
    name: "a prekey's signature is not checked",
    file: "src/identity/prekeys.ts",
    find: "if (!verifyStrict(",
    replace: "if (false && !verifyStrict(",
    test: identity,
    caughtBy: "is refused with a prekey whose signature does not hold",
  },
  {
    name: "a device's own signature is not checked",
    file: "src/identity/certificate.ts",
    find: "if (!verifyStrict(signingKey, labelled(LABELS.sigDevicePop",
    replace: "if (false && !verifyStrict(signingKey, labelled(LABELS.sigDevicePop",
    test: identity,
    caughtBy: "is refused when an account signs a device that did not agree",
  },
  {
    name: "prekeys never expire",
    file: "src/identity/prekeys.ts",
    find: "nowMs > prekey.notAfterMs + PREKEY_SKEW_MS",
    replace: "false",
    test: identity,
    caughtBy: "is refused after its dates and a day of skew",
  },
  {
    name: "a replayed first message is taken",
    file: "src/session/receive.ts",
    find: "if (first?.replayed === true)",
    replace: "if (false)",
    test: transition,
    caughtBy: "refuses a replayed first message also when its session is forgotten",
  },
  {
    name: "the commitment is not opened",
    file: "src/session/receive.ts",
    find: '  checkCommitment(payload, frankingOf(own, session.peer, "peer"), commitment)\n',
    replace: "",
    test: transition,
    caughtBy:
      "[A22] shows nothing of an authentic message without C_f, or whose C_f does not open, and goes on",
  },
  {
    name: "a verification holds under any name",
    file: "src/identity/trust.ts",
    find: "  trust.verified.name === trust.name &&\n",
    replace: "",
    test: "src/session/security.test.ts",
    caughtBy: "is green only for the verified key under the verified name, with a session",
  },
  {
    name: "a changed identity does not turn red",
    file: "src/session/security.ts",
    find: "if (trust?.candidate !== undefined)",
    replace: "if (false)",
    test: "src/session/security.test.ts",
    caughtBy: "stays red on a hard reason whatever handshakes do, the hardest shown",
  },
  {
    name: "padding of any length passes",
    file: "src/session/padding.ts",
    find: " || bytes.length !== paddedLength(end)",
    replace: "",
    test: "src/session/payload.test.ts",
    caughtBy: "comes off again for every length, and in no other spelling",
  },
  ...CHANNEL_FAULTS,
  ...STORE_FAULTS,
]
