-- 001 ledger
CREATE TABLE city_chains (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source TEXT NOT NULL, generation BIGINT NOT NULL, site TEXT NOT NULL, device TEXT NOT NULL,
  seq BIGINT NOT NULL, head TEXT NOT NULL, trusted_key TEXT,
  signed_upto BIGINT NOT NULL, last_event_ms BIGINT, last_taken_ms BIGINT, retired_ms BIGINT, retired_by TEXT,
  UNIQUE (source, generation)
);
CREATE UNIQUE INDEX city_chains_current ON city_chains (source) WHERE retired_ms IS NULL;
CREATE TABLE city_events (
  device BIGINT NOT NULL, seq BIGINT NOT NULL, type TEXT NOT NULL, at_ms BIGINT NOT NULL, taken_ms BIGINT NOT NULL,
  body BYTEA NOT NULL, PRIMARY KEY (device, seq)
);
CREATE TABLE city_early (
  source TEXT NOT NULL, seq BIGINT NOT NULL, type TEXT NOT NULL, at_ms BIGINT NOT NULL, taken_ms BIGINT NOT NULL,
  body BYTEA NOT NULL, PRIMARY KEY (source, seq)
);
CREATE TABLE city_receipts (
  source TEXT PRIMARY KEY, seq BIGINT NOT NULL, head TEXT NOT NULL, told_ms BIGINT NOT NULL
);
CREATE TABLE city_presence (
  source TEXT PRIMARY KEY, state TEXT NOT NULL, boot TEXT NOT NULL, since_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL
);
CREATE TABLE city_quarantine (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source TEXT NOT NULL, why TEXT NOT NULL, seq BIGINT, sha256 TEXT NOT NULL, size BIGINT NOT NULL,
  first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, times BIGINT NOT NULL, body BYTEA NOT NULL,
  UNIQUE (source, why, sha256)
);
CREATE TABLE city_faults (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source TEXT NOT NULL, kind TEXT NOT NULL, seq BIGINT, seconds DOUBLE PRECISION,
  since_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, times BIGINT NOT NULL, closed_ms BIGINT, closed_by TEXT
);
CREATE UNIQUE INDEX city_faults_open ON city_faults (source, kind) WHERE closed_ms IS NULL;
CREATE TABLE city_tallies (
  source TEXT NOT NULL, judgement TEXT NOT NULL, times BIGINT NOT NULL, last_ms BIGINT NOT NULL,
  PRIMARY KEY (source, judgement)
);
