-- 030 commands
CREATE TABLE city_commands (
  id TEXT PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, ordered_by TEXT NOT NULL, issued_ms BIGINT NOT NULL,
  not_after_ms BIGINT NOT NULL, signed BYTEA NOT NULL, sent_ms BIGINT, times BIGINT NOT NULL
);
CREATE INDEX city_commands_by_device ON city_commands (source, issued_ms);
