-- 020 leases
CREATE TABLE city_workers (
  worker TEXT PRIMARY KEY, beat BIGINT NOT NULL
);
