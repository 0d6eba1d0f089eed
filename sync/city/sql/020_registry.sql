-- 020 registry
CREATE TABLE enrolment_lock (
  id BIGINT PRIMARY KEY
);
INSERT INTO enrolment_lock VALUES (1);
CREATE TABLE allowed_serials (
  serial TEXT PRIMARY KEY, note TEXT NOT NULL, allowed BIGINT NOT NULL, allowed_by TEXT NOT NULL
);
CREATE TABLE enrolment_tokens (
  hash TEXT PRIMARY KEY, site TEXT NOT NULL, device TEXT NOT NULL, serial TEXT,
  made BIGINT NOT NULL, made_by TEXT NOT NULL, expires BIGINT NOT NULL, used BIGINT, used_certificate TEXT
);
CREATE TABLE enrolled_devices (
  source TEXT PRIMARY KEY, site TEXT NOT NULL, device TEXT NOT NULL, serial TEXT NOT NULL, event_key TEXT NOT NULL,
  state TEXT NOT NULL, generation BIGINT NOT NULL, registered BIGINT NOT NULL,
  certificate_serial TEXT NOT NULL, certificate_ends BIGINT NOT NULL, revoked BIGINT, why_revoked TEXT
);
CREATE TABLE enrolled_keys (
  event_key TEXT PRIMARY KEY, source TEXT NOT NULL, since BIGINT NOT NULL
);
CREATE TABLE issued_certificates (
  serial TEXT PRIMARY KEY, source TEXT NOT NULL, generation BIGINT NOT NULL, tls_key TEXT NOT NULL, pem TEXT NOT NULL,
  starts BIGINT NOT NULL, ends BIGINT NOT NULL, revoked BIGINT
);
CREATE INDEX issued_certificates_by_source ON issued_certificates (source);
CREATE TABLE enrolment_audit (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at BIGINT NOT NULL, what TEXT NOT NULL,
  source TEXT, serial TEXT, by_whom TEXT NOT NULL, detail TEXT NOT NULL
);
