-- 003 roots
CREATE TABLE city_roots (
  day TEXT PRIMARY KEY, made_ms BIGINT NOT NULL, devices BIGINT NOT NULL, root TEXT NOT NULL, previous TEXT NOT NULL,
  key TEXT NOT NULL, signature TEXT NOT NULL
);
CREATE TABLE city_root_leaves (
  day TEXT NOT NULL, place BIGINT NOT NULL, source TEXT NOT NULL, seq BIGINT NOT NULL, head TEXT NOT NULL,
  PRIMARY KEY (day, place)
);
CREATE INDEX city_root_leaves_by_source ON city_root_leaves (source, day);
