// Who may import what, as data. ARCHITECTURE.md explains the matrix; .dependency-cruiser.cjs turns it into rules and
// `scripts/layers.test.ts` proves that each row bites. A new folder is one new row, argued in the commit body.

/**
 * Folders (and single files) of core, by level. `core` names the rows this one may import, `types` the rows of which
 * it may import types only, `npm` the packages and Node modules, each with the file that may hold them where only one
 * may (`"file.ts": [...]`), else under `*`. `later` marks a folder that does not exist yet.
 */
export const CORE = [
  { name: "errors", level: 0, core: [] },
  { name: "limits", level: 0, core: [] },
  // The default capabilities read the platform when called, and say so in a typed error where it has none.
  { name: "deps", level: 0, core: ["errors"] },

  { name: "bytes", level: 1, core: ["errors", "limits"], types: ["deps"] },
  { name: "transport", level: 1, core: ["errors", "limits"], types: ["deps"] },

  {
    name: "primitives",
    level: 2,
    core: ["bytes", "errors", "limits"],
    types: ["deps"],
    // What draws natively has to know the platform's own source when it sees it.
    files: { "draw.ts": ["deps"] },
    npm: {
      "noble.ts": ["@noble/*"],
      "node.ts": ["node:crypto"],
      // Apart from the synchronous primitives: loaded with a sealed store only.
      "argon2.default.ts": ["@noble/*"],
      "argon2.node.ts": ["node:crypto"],
      "bulk.node.ts": ["node:crypto"],
    },
  },
  { name: "wire", level: 2, core: ["bytes", "errors", "limits"], types: ["deps"] },
  {
    name: "content",
    level: 2,
    core: ["bytes", "errors", "limits"],
    types: ["deps"],
  },

  {
    name: "store",
    level: 3,
    core: ["deps", "bytes", "errors", "limits"],
    // Only what seals at rest may compute with keys.
    files: { "key.ts": ["primitives"], "seal-names.ts": ["primitives"], "seal-record.ts": ["primitives"] },
    npm: {
      "indexeddb.ts": ["idb"],
      "browser.ts": ["idb"],
      "sqlite.ts": ["node:sqlite", "node:fs"],
      "files.ts": ["node:fs", "node:path"],
    },
  },

  { name: "fernet", level: 4, core: ["deps", "primitives", "bytes", "errors", "limits"] },
  { name: "stream", level: 4, core: ["deps", "primitives", "bytes", "errors", "limits"] },
  { name: "identity", level: 4, core: ["deps", "primitives", "wire", "bytes", "errors", "limits"] },
  { name: "conversation", level: 4, core: ["content", "bytes", "errors", "limits"], types: ["deps"] },

  {
    name: "handshake",
    level: 5,
    core: ["identity", "deps", "primitives", "wire", "bytes", "errors", "limits"],
  },
  { name: "ratchet", level: 5, core: ["fernet", "deps", "primitives", "wire", "bytes", "errors", "limits"] },
  {
    name: "attachment",
    level: 5,
    later: true,
    core: ["stream", "content", "deps", "primitives", "bytes", "errors", "limits"],
  },
  {
    name: "device",
    level: 5,
    later: true,
    core: ["identity", "fernet", "deps", "primitives", "wire", "content", "bytes", "errors", "limits"],
  },
  {
    name: "group",
    level: 5,
    later: true,
    core: ["identity", "fernet", "deps", "primitives", "wire", "content", "bytes", "errors", "limits"],
  },
  {
    name: "backup",
    level: 5,
    later: true,
    core: ["stream", "content", "deps", "primitives", "wire", "bytes", "errors", "limits"],
  },
  {
    name: "transcript",
    level: 5,
    later: true,
    core: ["identity", "content", "deps", "primitives", "wire", "bytes", "errors", "limits"],
  },
  {
    name: "moderation",
    level: 5,
    later: true,
    core: ["content", "deps", "primitives", "wire", "bytes", "errors", "limits"],
  },
  {
    name: "call",
    level: 5,
    later: true,
    core: ["content", "deps", "primitives", "wire", "bytes", "errors", "limits"],
  },

  {
    name: "session",
    level: 6,
    core: ["handshake", "ratchet", "identity", "deps", "primitives", "wire", "bytes", "errors", "limits"],
  },

  {
    // Not identity: `connection.ts` receives the login as a function from `client`.
    name: "runtime",
    level: 7,
    core: ["session", "store", "transport", "wire", "deps", "primitives", "bytes", "errors", "limits"],
    npm: { "*": ["eventemitter3"] },
  },

  {
    name: "channel",
    level: 8,
    core: [
      "runtime",
      "session",
      "identity",
      "content",
      "store",
      "transport",
      "wire",
      "deps",
      "primitives",
      "bytes",
      "errors",
      "limits",
    ],
  },
  { name: "client", level: 8, core: "all-below" },

  {
    name: "index",
    level: 9,
    core: ["channel", "client", "transport", "errors"],
    // The public types of lower levels pass through; their code does not.
    files: { "index.ts": ["store/memory.ts"] },
    types: "all-below",
  },
]

/** Packages: which public subpaths of each other, and which npm packages, each may import. */
export const PACKAGES = [
  {
    name: "transport-ws",
    securechat: ["core/transport", "core/wire", "core/errors"],
    npm: ["ws", "node:http", "node:https", "node:net", "node:tls", "node:stream"],
  },
  {
    name: "transport-socketio",
    securechat: ["core/transport", "core/wire", "core/errors"],
    // Not `socket.io`: docs/decisions/0017-socketio-listener.md.
    npm: ["engine.io", "socket.io-client", "socket.io-parser", "ws", "node:http", "node:stream"],
  },
  {
    // Never core's `.`: the relay cannot reach handshake, ratchet, session, content or fernet.
    name: "server",
    securechat: [
      "core/wire",
      "core/identity",
      "core/transport",
      "core/primitives",
      "core/errors",
      "core/limits",
    ],
    // `createRelay` serves sockets without further ado, so it is the one place that joins relay and transports.
    files: { "create-relay.ts": ["transport-ws/server", "transport-socketio/server"] },
    npm: ["@redis/client", "commander", "pino", "prom-client", "sirv", "ws", "node:*"],
  },
  {
    // No test runner: the caller passes `describe` and `it`.
    name: "testkit",
    securechat: ["core", "core/*"],
    npm: [],
  },
]
