/** Faults of the channel: each removes one rule of protocol.md §5. */
import type { Fault } from "./fault.ts"

const pairing = "packages/core/src/channel/pairing.test.ts"
const offers = "packages/core/src/channel/offers.test.ts"
const openings = "packages/core/src/channel/openings.test.ts"
const traffic = "packages/core/src/channel/traffic.test.ts"

export const CHANNEL_FAULTS: readonly Fault[] = [
  {
    name: "a channel opens before its first message was answered",
    file: "packages/core/src/channel/pairing-state.ts",
    find: '?.phase === "established" ? party',
    replace: " !== undefined ? party",
    test: pairing,
    caughtBy: "is not open before its first message was answered, pinned or not",
  },
  {
    name: "the hellos of a pair are not bound into the keys",
    file: "packages/core/src/channel/hello.ts",
    find: "lengthPrefixedAll(initiator.bytes, responder.bytes)",
    replace: "lengthPrefixedAll(initiator.nonce, responder.nonce)",
    test: offers,
    caughtBy: "[A12] whose suites were stripped leads nowhere, and the genuine one opens all the same",
  },
  {
    name: "certificate and list of a block are not those of its hello",
    file: "packages/core/src/channel/openings.ts",
    find: `equalBytes(hello.bundle.certificate.bytes, block.certificate.bytes) &&
        equalBytes(hello.bundle.list.bytes, block.list.bytes) &&`,
    replace: "",
    test: openings,
    caughtBy: "[A21] under another's hello are refused; the genuine handshake goes on",
  },
  {
    name: "keys of a hello outlive their session",
    file: "packages/core/src/channel/openings.ts",
    find: "own: acked.own.filter((hello) => hello !== pair.own)",
    replace: "own: acked.own",
    test: pairing,
    caughtBy: "spends the keys of a hello with its session, and not with a forgery",
  },
  {
    name: "keys nobody used stay",
    file: "packages/core/src/channel/offers.ts",
    find: "own: state.own.filter((own) => nowMs - own.madeAtMs < LIVE_KEY_AGE_MS)",
    replace: "own: state.own",
    test: pairing,
    caughtBy: "drops private keys nobody used after 60 s",
  },
  {
    name: "a lost acknowledgement is not repeated",
    file: "packages/core/src/channel/traffic.ts",
    find: 'duplicate && envelope.type === "first"',
    replace: 'duplicate && envelope.type === "signal"',
    test: pairing,
    caughtBy: "repeats the stored bytes of a lost acknowledgement",
  },
  {
    name: "a flood of hellos is answered",
    file: "packages/core/src/channel/pairing-state.ts",
    find: "burst: HELLO_ANSWER_BURST",
    replace: "burst: 1_000",
    test: offers,
    caughtBy: "of a flood costs no check and no answer beyond ten at once, then one a second",
  },
  {
    name: "another account than the one asked for may pair",
    file: "packages/core/src/channel/offers.ts",
    find: 'return account === setting.only ? "peer" : "stranger"',
    replace: 'return "peer"',
    test: openings,
    caughtBy: "[A17] do not win where an account id was given, and are told of once",
  },
  {
    name: "a stranger's handshake turns a channel red at once",
    file: "packages/core/src/channel/pairing.ts",
    find: "completed ? FOREIGN_PEER_GRACE_MS : LIVE_KEY_AGE_MS",
    replace: "completed ? 0 : LIVE_KEY_AGE_MS",
    test: openings,
    caughtBy: "under a pinned name become a change of identity only after a handshake and 30 s",
  },
  {
    name: "messages of a changed identity are shown before it is accepted",
    file: "packages/core/src/channel/run.ts",
    find: "if (arrival.account === openParty(state)?.account) this.#show",
    replace: "if (arrival.account !== openParty(state)?.account) this.#show",
    test: "packages/core/src/channel/vault.test.ts",
    caughtBy:
      "turns red for another account under a pinned name after 30 s, and shows nothing of it before it is accepted",
  },
  {
    name: "a side stays on a session its peer has retired",
    file: "packages/core/src/channel/traffic.ts",
    find: "link: retire(party.link, sending.id, deps.nowMs())",
    replace: "link: retire(party.link, session.id.slice(1), deps.nowMs())",
    test: traffic,
    caughtBy: "meet again on one where only one side had retired the smaller",
  },
]
