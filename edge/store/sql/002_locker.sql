-- edge 002 locker
-- Times are epoch seconds. No name, no telephone number and no pickup code in clear anywhere.
-- What the rules know of a door; the door itself is never stored: after a start every sensor is read again.
CREATE TABLE locker_compartments (
  compartment TEXT PRIMARY KEY, state TEXT NOT NULL, since_s REAL NOT NULL, taken_from TEXT, stay TEXT, purpose TEXT,
  is_loaded INTEGER NOT NULL DEFAULT 0, is_overdue INTEGER NOT NULL DEFAULT 0,
  opening TEXT, what_for TEXT, by TEXT, back_to TEXT, pulses INTEGER, is_seen_open INTEGER, why TEXT, second TEXT,
  openings INTEGER NOT NULL DEFAULT 0, fault TEXT
) STRICT;
-- One row a use of a compartment. keyed_tail is a keyed digest of the last four digits of the number; both go when nobody
-- needs to be told any more. dossier is the form for comparison, dossier_issued the text as it came.
CREATE TABLE locker_stays (
  stay TEXT PRIMARY KEY, compartment TEXT NOT NULL, purpose TEXT NOT NULL, by TEXT NOT NULL, dossier TEXT, dossier_issued TEXT,
  procedure TEXT, receipt TEXT UNIQUE, sealed_phone BLOB, keyed_tail BLOB, lang TEXT NOT NULL, reserved_s REAL NOT NULL,
  loaded_s REAL, reminded_s REAL, overdue_s REAL, over_s REAL, over_why TEXT
) STRICT;
CREATE UNIQUE INDEX locker_stays_now ON locker_stays (compartment) WHERE over_s IS NULL;
CREATE UNIQUE INDEX locker_stays_result ON locker_stays (dossier) WHERE over_s IS NULL AND purpose = 'result';
CREATE INDEX locker_stays_dossier ON locker_stays (dossier) WHERE dossier IS NOT NULL;
CREATE INDEX locker_stays_tail ON locker_stays (keyed_tail) WHERE keyed_tail IS NOT NULL;
-- On the disk before the pulse goes out, one row a pulse, never changed but for what is known of it afterwards.
CREATE TABLE locker_authorisations (
  opening TEXT NOT NULL, pulse INTEGER NOT NULL, compartment TEXT NOT NULL, stay TEXT NOT NULL, what_for TEXT NOT NULL,
  by TEXT NOT NULL, at_s REAL NOT NULL, outcome TEXT, PRIMARY KEY (opening, pulse)
) STRICT, WITHOUT ROWID;
-- turn counts the codes of a stay; sealed_code is there only for a random code that was not sent yet.
CREATE TABLE locker_codes (
  stay TEXT NOT NULL REFERENCES locker_stays ON DELETE CASCADE, turn INTEGER NOT NULL, keyed_digest BLOB NOT NULL, sealed_code BLOB,
  issued_s REAL NOT NULL, wrong INTEGER NOT NULL DEFAULT 0, is_dead INTEGER NOT NULL DEFAULT 0, used_s REAL, sent_s REAL,
  PRIMARY KEY (stay, turn)
) STRICT;
CREATE TABLE locker_keypads (keypad TEXT PRIMARY KEY, wrong INTEGER NOT NULL) STRICT;
