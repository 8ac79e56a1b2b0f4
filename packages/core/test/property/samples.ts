/** Genuine encodings of every codec, by its exported name. */
import { directCodec } from "../../src/client/progress-codec.ts"
import { knownListCodec } from "../../src/client/known-list.ts"
import { ownPrekeyCodec, publicationCodec } from "../../src/client/prekeys.ts"
import {
  conversationCodec,
  entryCodec,
  inspectionCodec,
  messageCodec,
  wantedCodec,
} from "../../src/client/records.ts"
import { emptyDirect, withProgress } from "../../src/conversation/state.ts"
import { firstSeen, observe, trustCodec, unverify, verify } from "../../src/identity/trust.ts"
import { identityCodec } from "../../src/identity/keys.ts"
import { signHandle } from "../../src/identity/statements.ts"
import { linkCodec } from "../../src/session/codec.ts"
import { streamHeaderCodec } from "../../src/stream/header.ts"
import { parseAccountId } from "../../src/wire/address.ts"
import { makeHello } from "../../src/wire/channel.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { bundleBytes, claimAnswerCodec, devicesAnswerCodec } from "../../src/wire/frame-answers.ts"
import { frameCodec, stockCodec } from "../../src/wire/frame.ts"
import { bundleCodec } from "../../src/wire/prekey.ts"
import { SUITE_1 } from "../../src/wire/tags.ts"
import { samples as frames } from "../support/frames.ts"
import { Party } from "../support/party.ts"

const [alice, bob] = [new Party(51), new Party(52)]
alice.begin(bob.bundle())
const links = [linkCodec.encode(bob.link), linkCodec.encode(alice.link)]
const first = alice.sendText("first")
bob.receive(first)
const skipped = bob.sendText("kept out")
alice.receive(bob.sendText("reply"))
links.push(linkCodec.encode(alice.link), linkCodec.encode(bob.link))
alice.begin(bob.bundle())
links.push(linkCodec.encode(alice.link))

const { own } = alice
const block = decodeEnvelope(first).handshake
if (block === undefined || skipped.length === 0) throw new Error("no block")
const accountId = parseAccountId(own.accountId)
const zeros = new Uint8Array(32)
const handle = { handle: "alice", accountId, version: 1, previousHash: zeros, timeMs: 5 }
const hello = { nonce: alice.deps.random(32), contextHash: zeros, suites: [SUITE_1], bundle: bob.bundle() }
const pin = { accountId, accountKey: own.certificate.accountKey }
const known = firstSeen("bob", pin)
const verified = verify(known, pin.accountKey, "qr", 7)
const prekeys = [alice.spk, alice.pqspk, ...bob.oneTime.opk, ...bob.oneTime.pqopk]
const parts = {
  certificate: own.certificate.bytes,
  list: own.list.bytes,
  signedPrekey: alice.spk.statement.bytes,
  oneTime: undefined,
  kem: alice.pqspk.statement.bytes,
}

const since = new Date(1_700_000_000_000)
const security = {
  level: "yellow",
  reason: "unverified",
  action: "verify",
  subject: "sc1peer",
  since,
} as const
const sent = {
  ...{
    place: 3,
    id: "id",
    mine: true,
    account: "sc1me" as const,
    device: "d",
    peer: "sc1peer" as const,
    sentAtMs: 1,
  },
  ...{ receivedAtMs: undefined, text: "hi", replyTo: undefined, sequence: 2, security, quarantined: false },
  ...{ problem: undefined, commitKey: zeros, commitment: zeros },
}
const unread = {
  ...sent,
  mine: false,
  receivedAtMs: 5,
  text: undefined,
  commitKey: undefined,
  quarantined: true,
}
const entry = {
  ...{
    order: 1,
    conversationId: "c",
    account: "sc1peer" as const,
    device: "d",
    messageId: "id",
    messagePlace: 3,
  },
  ...{ sequence: 2, envelopeId: alice.deps.random(16), envelope: first, problem: undefined },
  ...{ sinceMs: 5, previous: zeros, resends: 1 },
}
const conversation = {
  id: "c",
  fixed: false,
  createdAtMs: 5,
  places: 3,
  devices: "proven",
  stranger: false,
} as const
const inForce = { ...conversation, trust: verified, handle: "bob", claimedHandle: undefined }
const claims = { ...conversation, trust: known, handle: undefined, claimedHandle: "bob", stranger: true }
const progress = {
  ...{
    received: { upTo: 2, ahead: [4, 7] },
    receivedHead: zeros,
    pairReceived: { upTo: 1, ahead: [] },
    pairSent: 4,
  },
  ...{ delivered: 3, read: 1, readUpTo: 2, receiptDue: true, known: 7, knownHead: zeros.subarray(0, 16) },
}

export const SAMPLES: Readonly<Record<string, readonly Uint8Array[]>> = {
  certificateCodec: [own.certificate.bytes],
  deviceListCodec: [own.list.bytes],
  prekeyCodec: prekeys.map((prekey) => prekey.statement.bytes),
  bundleCodec: [
    bundleCodec.encode(alice.bundle()),
    bundleCodec.encode({ ...alice.bundle(), opk: undefined }),
  ],
  handleRecordCodec: [signHandle(handle, own).bytes],
  handshakeCodec: [block.bytes],
  helloCodec: [makeHello(hello).bytes],
  publicIdentity: [own.public.bytes],
  publicStatements: [own.public.bytes],
  identityCodec: [identityCodec.encode(own)],
  trustCodec: [known, verified, observe(verified, pin), unverify(verified)].map((trust) =>
    trustCodec.encode(trust),
  ),
  linkCodec: links,
  frameCodec: Object.values(frames).map((frame) => frameCodec.encode(frame)),
  conversationCodec: [inForce, claims].map((record) => conversationCodec.encode(record)),
  messageCodec: [sent, unread].map((record) => messageCodec.encode(record)),
  entryCodec: [
    entryCodec.encode({ ...entry, state: "queued" }),
    entryCodec.encode({ ...entry, state: "held", problem: "ERR_NOT_SECURE" }),
  ],
  wantedCodec: [0, 7].map((place) =>
    wantedCodec.encode({
      ...{
        commitment: zeros,
        conversationId: "c",
        account: "sc1peer",
        sessionId: alice.deps.random(16),
        place,
      },
      ...{ ratchetKey: zeros, count: 70_000, unknown: place === 0, asked: 2, sinceMs: 5 },
    }),
  ),
  inspectionCodec: [
    inspectionCodec.encode({ messageId: "id", mine: false, device: "d", envelope: first, contentBytes: 7 }),
  ],
  directCodec: [
    directCodec.encode(emptyDirect(zeros)),
    directCodec.encode(withProgress(emptyDirect(zeros), "d", progress)),
  ],
  ownPrekeyCodec: prekeys.map((prekey) => ownPrekeyCodec.encode(prekey)),
  publicationCodec: [
    publicationCodec.encode({ id: alice.deps.random(16), oneTime: [1, 2, 70_000], oneTimeKem: [] }),
  ],
  knownListCodec: [knownListCodec.encode({ accountKey: own.certificate.accountKey, list: own.list })],
  streamHeaderCodec: (["file", "thumbnail", "backup"] as const).map((purpose) =>
    streamHeaderCodec.encode({ purpose, salt: alice.deps.random(32), commit: alice.deps.random(32) }),
  ),
  stockCodec: [stockCodec.encode({ oneTimeLeft: 3, kemLeft: 2, lastResortUses: 1 })],
  devicesAnswerCodec: [
    devicesAnswerCodec.encode({ lists: [own.list.bytes], certificates: [own.certificate.bytes] }),
  ],
  claimAnswerCodec: [
    claimAnswerCodec.encode({
      devices: [{ deviceId: own.certificate.deviceId, bundle: bundleBytes(parts) }],
    }),
  ],
}
