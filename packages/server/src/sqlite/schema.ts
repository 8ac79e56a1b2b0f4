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
CREATE INDEX envelope_ids_of_device ON envelope_ids (device, until)
`
