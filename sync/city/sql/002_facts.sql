-- 002 facts
CREATE TABLE city_visits (
  device BIGINT NOT NULL, visit TEXT NOT NULL, counter TEXT, unit TEXT, day TEXT, hour BIGINT, at_ms BIGINT,
  seconds_present DOUBLE PRECISION, seconds_usable DOUBLE PRECISION, evidence TEXT, level TEXT, camera TEXT, rating TEXT,
  dropped BIGINT, PRIMARY KEY (device, visit)
);
CREATE INDEX city_visits_by_day ON city_visits (day, device);
CREATE TABLE city_ratings (
  device BIGINT NOT NULL, seq BIGINT NOT NULL, counter TEXT, visit TEXT, level TEXT, day TEXT, hour BIGINT, at_ms BIGINT,
  PRIMARY KEY (device, seq)
);
CREATE INDEX city_ratings_by_day ON city_ratings (day, device);
CREATE TABLE city_alerts (
  device BIGINT NOT NULL, alert TEXT NOT NULL, visit TEXT, counter TEXT, unit TEXT, why TEXT, level TEXT, day TEXT, hour BIGINT,
  since_ms BIGINT, raised_ms BIGINT, sms TEXT, acknowledged_ms BIGINT, acknowledged_via TEXT, closed_ms BIGINT,
  closed_why TEXT, contested_ms BIGINT, contested_role TEXT, PRIMARY KEY (device, alert)
);
CREATE INDEX city_alerts_by_moment ON city_alerts (raised_ms);
CREATE TABLE city_stays (
  device BIGINT NOT NULL, stay TEXT NOT NULL, compartment TEXT, purpose TEXT, procedure TEXT, dossier TEXT,
  reserved_ms BIGINT, loaded_ms BIGINT, deposited_ms BIGINT, collected_ms BIGINT, recalled_ms BIGINT, recalled_why TEXT,
  released_ms BIGINT, released_why TEXT, overdue_ms BIGINT, overdue_step TEXT, overdue_days BIGINT,
  PRIMARY KEY (device, stay)
);
CREATE TABLE city_locker_faults (
  device BIGINT NOT NULL, seq BIGINT NOT NULL, compartment TEXT, why TEXT, at_ms BIGINT, PRIMARY KEY (device, seq)
);
CREATE TABLE city_tickets (
  device BIGINT NOT NULL, ticket TEXT NOT NULL, service TEXT, has_priority BIGINT, day TEXT, hour BIGINT, issued_ms BIGINT,
  promised_s DOUBLE PRECISION, called_ms BIGINT, counter TEXT, waited_s DOUBLE PRECISION, served_ms BIGINT,
  served_s DOUBLE PRECISION, left_ms BIGINT, left_why TEXT, PRIMARY KEY (device, ticket)
);
CREATE INDEX city_tickets_by_day ON city_tickets (day, device);
CREATE TABLE city_machines (
  device BIGINT PRIMARY KEY, version TEXT, boot TEXT, stations TEXT, started_ms BIGINT, health_ms BIGINT,
  uptime_s DOUBLE PRECISION, memory_mb DOUBLE PRECISION, disk_free_mb DOUBLE PRECISION, backlog BIGINT,
  cameras_live BIGINT, config_sha256 TEXT, config_ms BIGINT
);
CREATE TABLE city_part_faults (
  device BIGINT NOT NULL, part TEXT NOT NULL, is_open BIGINT, why TEXT, since_ms BIGINT, recovered_ms BIGINT,
  PRIMARY KEY (device, part)
);
CREATE TABLE city_answers (
  device BIGINT NOT NULL, command TEXT NOT NULL, name TEXT, outcome TEXT, why TEXT, at_ms BIGINT,
  PRIMARY KEY (device, command)
);
