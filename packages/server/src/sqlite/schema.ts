/** Tables of a relay's file. A change is a new version and a migration. */
export const SCHEMA_VERSION = 1

export const SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE mail (
  place INTEGER PRIMARY KEY,
  device TEXT NOT NULL,
  envelope BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  expires INTEGER NOT NULL
);
-- Covers the sums of the start and all but the envelope of a read.
CREATE INDEX mail_of_device ON mail (device, place, bytes, expires);

CREATE TABLE envelope_ids (
  device TEXT NOT NULL,
  id TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (device, id)
) WITHOUT ROWID;
CREATE INDEX envelope_ids_by_age ON envelope_ids (until);
CREATE INDEX envelope_ids_of_device ON envelope_ids (device, until);

CREATE TABLE accounts (
  account TEXT PRIMARY KEY,
  -- Device ids of the newest list, JSON.
  listed TEXT NOT NULL,
  revoked TEXT NOT NULL,
  seen INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE lists (
  account TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash TEXT NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (account, version)
) WITHOUT ROWID;

CREATE TABLE devices (
  account TEXT NOT NULL,
  device TEXT NOT NULL,
  certificate BLOB NOT NULL,
  signed BLOB NOT NULL,
  signed_until INTEGER NOT NULL,
  resort BLOB NOT NULL,
  resort_until INTEGER NOT NULL,
  uses INTEGER NOT NULL DEFAULT 0,
  -- Publications and key ids that were seen, JSON.
  memory TEXT NOT NULL,
  PRIMARY KEY (account, device)
);

-- One-time keys in stock. One that is handed out leaves in the statement that reads it.
CREATE TABLE prekeys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  device TEXT NOT NULL,
  kind TEXT NOT NULL,
  until INTEGER NOT NULL,
  bytes BLOB NOT NULL
);
CREATE INDEX prekeys_of_device ON prekeys (account, device, kind, id, until);

CREATE TABLE handles (
  handle TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  version INTEGER NOT NULL,
  record BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX handles_of_account ON handles (account);

CREATE TABLE bindings (handle TEXT PRIMARY KEY, account TEXT NOT NULL) WITHOUT ROWID
`
