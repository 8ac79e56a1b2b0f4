/**
 * Every bound of the library with its unit, reason and source. `docs/limits.md` lists the same
 * figures; a check compares both. A size without a unit in its name is in bytes.
 */

const KIB = 1024
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

// ── sizes ──────────────────────────────────────────────────────────────────────────────────────
/** Content of one message: Fernet cannot stream, so a message is held in memory whole. protocol.md §6.7 */
export const MAX_CONTENT_BYTES: number = 64 * KIB
/** The same as CBOR, with its heads and short fields: what a person may say must not depend on how it is spelled. */
export const MAX_CONTENT_CBOR_BYTES: number = 64 * KIB + 64
/** Padded payload inside a token: content plus meta plus padding. protocol.md §6.4 */
export const MAX_PAYLOAD_BYTES: number = 72 * KIB
/** One envelope: payload, header, KEM fields and first-message block. protocol.md §6.7 */
export const MAX_ENVELOPE_BYTES: number = 80 * KIB
/** One relay frame: an envelope and its addressing. relay.md §9 */
export const MAX_FRAME_BYTES: number = 80 * KIB + 512
/** One ephemeral signal as the relay carries it. relay.md §9 */
export const MAX_SIGNAL_BYTES: number = KIB
/** Application context bound into a handshake. protocol.md §4.1 */
export const MAX_CONTEXT_BYTES: number = 255
/** Padding bucket below 2 KiB. protocol.md §6.4 */
export const PADDING_BUCKET_BYTES: number = 160
/** Above this, padding follows Padmé instead of buckets. protocol.md §6.4 */
export const PADDING_LINEAR_MAX_BYTES: number = 2 * KIB
/** Meta map of a payload: its required fields take about 155 bytes. protocol.md §6.4 */
export const MAX_META_BYTES: number = 4 * KIB
/** Depth of CBOR content; 10⁵ nested arrays overflow the stack of a decoder. protocol.md §1.1 */
export const MAX_CBOR_DEPTH = 8
/** Items in one CBOR content: bounds the work before any of it is authenticated by schema. protocol.md §1.1 */
export const MAX_CBOR_ITEMS = 4_096

// ── identity and prekeys ───────────────────────────────────────────────────────────────────────
/** Devices per account: bounds fan-out. protocol.md §3 */
export const MAX_DEVICES = 10
/** Revocations kept in a device list, newest. protocol.md §3 */
export const MAX_REVOCATIONS = 32
/** Suites one signed prekey may offer: a list is read before its signature is. protocol.md §3 */
export const MAX_SUITES = 16
/** Age at which a signed prekey is replaced. protocol.md §3 */
export const SIGNED_PREKEY_ROTATE_MS: number = 7 * DAY_MS
/** Longest validity a signed prekey may claim. protocol.md §3 */
export const SIGNED_PREKEY_LIFETIME_MS: number = 14 * DAY_MS
/** Longest validity a one-time prekey may claim. protocol.md §3 */
export const ONE_TIME_PREKEY_LIFETIME_MS: number = 90 * DAY_MS
/** Private parts live on after `notAfter` for what waits in a mailbox: mailbox age plus skew. protocol.md §3 */
export const PREKEY_PRIVATE_GRACE_MS: number = 31 * DAY_MS
/** Clock skew allowed when the dates of a stored prekey are checked. protocol.md §3 */
export const PREKEY_SKEW_MS: number = 24 * HOUR_MS
/** One-time X25519 prekeys in a batch, and the stock below which they are refilled. protocol.md §3 */
export const ONE_TIME_BATCH = 100
export const ONE_TIME_LOW_WATER = 25
/** One-time ML-KEM prekeys in a batch (1,184 bytes each), and their low-water mark. protocol.md §3 */
export const ONE_TIME_KEM_BATCH = 20
export const ONE_TIME_KEM_LOW_WATER = 5
/** First-message hashes kept per signed prekey; past it only one-time keys are taken. protocol.md §4.3 */
export const MAX_FIRST_MESSAGE_HASHES = 10_000

// ── ratchet ────────────────────────────────────────────────────────────────────────────────────
/** Forward jump in one chain and outstanding keys of an old one: a forged counter must not cost work. protocol.md §6.7 */
export const MAX_FORWARD_JUMP = 2_000
/** Skipped message keys per session, oldest out. protocol.md §6.7 */
export const MAX_SKIPPED_KEYS = 2_000
/** Age of a skipped key: bounds the loss of forward secrecy. protocol.md §6.7 */
export const SKIPPED_KEY_AGE_MS: number = 30 * DAY_MS
/** Peer turns after which a skipped key goes. protocol.md §6.7 */
export const SKIPPED_KEY_TURNS = 5
/** Finished receiving chains whose repeats are recognised without deriving. protocol.md §6.5 */
export const RECENT_CHAINS = 16
/** Evicted ranges remembered per finished chain. protocol.md §6.7 */
export const MAX_EVICTED_RANGES = 64
/** Own turns, and age, after which a new ML-KEM key is advertised. protocol.md §6.1 */
export const KEM_EVERY_TURNS = 8
export const KEM_MAX_AGE_MS: number = 24 * HOUR_MS
/** Replay window of ephemeral signals, and the block in which their counter is reserved. protocol.md §6.6 */
export const SIGNAL_WINDOW = 64
/** Age and length at which a session is replaced. protocol.md §6.7 */
export const SESSION_MAX_AGE_MS: number = 180 * DAY_MS
export const SESSION_MAX_MESSAGES: number = 2 ** 31
/** Own beginnings with one device that nobody answered: each is kept for a late answer, 30 days. protocol.md §4.3 */
export const MAX_UNANSWERED_SESSIONS = 4
/** Receive-only sessions kept per device pair, and for how long. protocol.md §6.7 */
export const MAX_ARCHIVED_SESSIONS = 5
export const ARCHIVED_SESSION_AGE_MS: number = 30 * DAY_MS
/** Sessions of one device pair that may send, newest: a peer that begins again and replaces none must not grow the store. */
export const MAX_STANDING_SESSIONS = 8
/** A first message nobody answered. protocol.md §4.3 */
export const PENDING_SESSION_AGE_MS: number = 30 * DAY_MS
/** Failed handshakes per sender device at once, then one per minute. protocol.md §4.3 */
export const FAILED_HANDSHAKES_BURST = 5
/** Conversations with accounts never answered, oldest out with all they left: strangers cost nothing. protocol.md §6.7 */
export const MAX_STRANGER_SESSIONS = 1_000

// ── channel ────────────────────────────────────────────────────────────────────────────────────
/** Back-off of repeated hellos and first messages, first and longest. protocol.md §5 */
export const HELLO_BACKOFF_MIN_MS: number = SECOND_MS
export const HELLO_BACKOFF_MAX_MS: number = 30 * SECOND_MS
/** An own hello older than this is never sent again. protocol.md §5 */
export const HELLO_MAX_AGE_MS: number = 30 * SECOND_MS
/** Unused live private keys go after this. protocol.md §5 */
export const LIVE_KEY_AGE_MS: number = 60 * SECOND_MS
/** Own hellos and peer hellos remembered; of the latter two per account. protocol.md §5 */
export const MAX_OWN_HELLOS = 2
export const MAX_PEER_HELLOS = 4
export const MAX_PEER_HELLOS_PER_ACCOUNT = 2
/** Answers to hellos at once, then one per second. protocol.md §5 */
export const HELLO_ANSWER_BURST = 10
export const HELLO_ANSWER_REFILL_MS: number = SECOND_MS
/** Handshakes of one channel at once, then one per `CHANNEL_HANDSHAKE_REFILL_MS`. protocol.md §5 */
export const CHANNEL_HANDSHAKE_BURST = 10
export const CHANNEL_HANDSHAKE_REFILL_MS: number = 5 * SECOND_MS
/** How long a first message is repeated. protocol.md §5 */
export const FIRST_MESSAGE_REPEAT_MS: number = 60 * SECOND_MS
/** Unanswered sessions of a channel kept after that, newest: their answer may be on its way. */
export const MAX_PENDING_CHANNEL_SESSIONS = 8
/** Accounts in a room with which a handshake is under way, newest: more than a burst begins, so that the peer's answer still counts. */
export const MAX_CHANNEL_PARTIES = 16
/** Other accounts in a room an app is told about; a flood of made-up ones must not become a flood of events. */
export const MAX_THIRD_PARTIES = 16
/** Runs of a peer whose counters are remembered, newest: a late message of an earlier one is no gap. */
export const MAX_PEER_RUNS = 4
/** How long only foreign accounts may answer before an opening gives up on the pinned one. protocol.md §5 */
export const FOREIGN_PEER_GRACE_MS: number = 30 * SECOND_MS

// ── transport ──────────────────────────────────────────────────────────────────────────────────
/** Fragments of one WebSocket message: the library's own 16,384 is far more than chat needs. relay.md §9 */
export const MAX_WS_FRAGMENTS = 64
/** Chunks a WebSocket receiver holds for one message; a slow drip of single bytes costs an object each. relay.md §9 */
export const MAX_WS_CHUNKS = 4_096
/** Binary attachments of a Socket.IO packet that is a frame; the library's own 10 and 2³¹ before 4.2.6 cost memory. relay.md §9 */
export const MAX_SOCKETIO_ATTACHMENTS = 1
/** Text of a Socket.IO packet from a relay or its client: the head of one event, or a sign-in to the default namespace. */
export const MAX_SOCKETIO_TEXT_BYTES: number = KIB
/** Messages of an app's own server: its other traffic may be larger than frames (Socket.IO's `maxHttpBufferSize`). */
export const MAX_FOREIGN_PACKET_BYTES = 1_000_000
/** Attachments of such a packet: what the library allows. */
export const MAX_FOREIGN_ATTACHMENTS = 10
/** Events an app's own Socket.IO server may send before it says that we are connected. */
export const MAX_EARLY_EVENTS = 64
/** Outgoing bytes of one socket including the next frame; the rest stays where it was. relay.md §9 */
export const MAX_BUFFERED_BYTES: number = KIB * KIB
/** A reader that takes nothing for this long is let go. relay.md §9 */
export const SLOW_READER_MS: number = 30 * SECOND_MS
/** Wait for the other end's half of a closing handshake; a dead peer never sends it. */
export const CLOSE_TIMEOUT_MS: number = 5 * SECOND_MS

// ── client ─────────────────────────────────────────────────────────────────────────────────────
/** Reconnect back-off, full jitter. */
export const RETRY_MIN_MS = 500
export const RETRY_MAX_MS: number = 30 * SECOND_MS
/** Health after which the back-off starts over. */
export const RETRY_RESET_MS: number = 30 * SECOND_MS
/** Banners do not flicker: `connection:lost` only after this. */
export const LOST_AFTER_MS: number = 5 * SECOND_MS
/** Heartbeat frame and the silence after which a connection is dead. */
export const HEARTBEAT_MS: number = 20 * SECOND_MS
export const HEARTBEAT_TIMEOUT_MS: number = 10 * SECOND_MS
/** One connection attempt including sign-in. relay.md §4 */
export const CONNECT_TIMEOUT_MS: number = 15 * SECOND_MS
/** One request to the relay. */
export const REQUEST_TIMEOUT_MS: number = 15 * SECOND_MS
/** Requests open at once on a connection. relay.md §3 */
export const MAX_OPEN_REQUESTS = 64
/** Messages waiting in the outbox by default. */
export const MAX_QUEUE = 1_000
/** Messages one conversation holds in memory; `page` reads the rest. */
export const CONVERSATION_WINDOW = 500
/** An item handed to `events()` and not yet taken. */
export const EVENT_BUFFER = 256
/** Typing is sent at most this often, and forgotten by the receiver after the second. */
export const TYPING_THROTTLE_MS: number = 3 * SECOND_MS
export const TYPING_EXPIRY_MS: number = 7 * SECOND_MS
/** After this an own message nobody has confirmed is named to its recipient again, as a number: what a relay withholds is seen. */
export const HEAD_DELAY_MS: number = 20 * SECOND_MS
/** An outbox entry without a receipt is given up, and its sender told. protocol.md §10 */
export const OUTBOX_AGE_MS: number = 30 * DAY_MS
/** How often one message goes again because its recipient asks for it, or lacks it. protocol.md §6.7 */
export const MAX_RESENDS = 3
/** What did not open is asked for after this: it may still be made readable by what comes behind it. protocol.md §6.9 */
export const RESEND_DELAY_MS: number = 5 * SECOND_MS
/** And again after this, while nothing came. */
export const RESEND_AGAIN_MS: number = 60 * SECOND_MS
/** How long something is asked for. protocol.md §6.7 */
export const RESEND_MAX_AGE_MS: number = 24 * HOUR_MS
/** Envelopes of one conversation that are asked for at a time; so many at once, then one a minute: forgeries cost nothing. */
export const MAX_WANTED = 16
/** Receipts are batched and jittered, so that they do not time a reader. protocol.md §10 */
export const RECEIPT_DELAY_MS = 300
/** Handles: 2 to 32 bytes of `a–z 0–9 . _ -`. relay.md §5 */
export const MIN_HANDLE_BYTES = 2
export const MAX_HANDLE_BYTES = 32
/** An app's login token. relay.md §9 */
export const MAX_LOGIN_TOKEN_BYTES: number = 4 * KIB
/** A mailbox cursor, opaque to the client. relay.md §3 */
export const MAX_CURSOR_BYTES = 64

// ── store ──────────────────────────────────────────────────────────────────────────────────────
/** Items a durable driver reads at once: the memory a `list` takes. */
export const STORE_PAGE = 64
/** Wait for another process that is in the middle of a transaction; longer only where it was stopped there. */
export const STORE_BUSY_MS = 2_000
/** After a write, what it replaced is overwritten in SQLite's log as well: old keys must not outlive their use on the disk. */
export const STORE_OVERWRITE_MS: number = SECOND_MS

// ── files ──────────────────────────────────────────────────────────────────────────────────────
/** Plaintext of one chunk of a sealed stream, the last may be shorter: what is held in memory until its tag held. protocol.md §13 */
export const STREAM_CHUNK_BYTES: number = 64 * KIB
/** Chunks of one stream, 256 TiB: far below what one AES-GCM key may encrypt, and above any file. protocol.md §13 */
export const MAX_STREAM_CHUNKS: number = 2 ** 32

// ── primitives ─────────────────────────────────────────────────────────────────────────────────
/** Checked and imported public keys remembered per algorithm, longest unused out: no stranger grows the memory. */
export const MAX_REMEMBERED_PUBLIC_KEYS = 1_000
/** Argon2id of a store's passphrase, written and least accepted: 0.25 s native, 1.1 s in JavaScript. protocol.md §15 */
export const ARGON2_MEMORY_KIB: number = 64 * KIB
export const ARGON2_PASSES = 3
export const ARGON2_LANES = 1
/** Most accepted of a store: whoever can write to it must not make opening it hang. */
export const MAX_ARGON2_MEMORY_KIB: number = 128 * KIB
export const MAX_ARGON2_PASSES = 6
/** Writes under one key of a sealed store; a random nonce of 96 bits allows 2³². protocol.md §15 */
export const STORE_KEY_WRITES: number = 2 ** 31
/** Writes after which the marker beside a store follows: a crash leaves at most so many that a restored copy may hide. */
export const MARKER_EVERY_WRITES = 64

// ── fernet ─────────────────────────────────────────────────────────────────────────────────────
/** Skew into the future that `decrypt` with a `ttl` allows. Fernet specification, "Verifying" */
export const FERNET_MAX_CLOCK_SKEW_SECONDS = 60
/** Iterations of the safety number. protocol.md §9.1 */
export const SAFETY_NUMBER_ITERATIONS = 5_200
