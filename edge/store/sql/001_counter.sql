-- edge 001 counter
-- Times are epoch seconds; day and hour are the site's own, for statistics. No name and no telephone number anywhere.
CREATE TABLE visits (
  visit TEXT PRIMARY KEY, counter TEXT NOT NULL, day TEXT NOT NULL, hour INTEGER NOT NULL, started_s REAL NOT NULL,
  ended_s REAL, seconds_usable REAL, evidence TEXT, camera TEXT, shares TEXT
) STRICT;
CREATE INDEX visits_by_day ON visits (day, counter);
CREATE TABLE ratings (
  press INTEGER PRIMARY KEY, visit TEXT UNIQUE, counter TEXT NOT NULL, day TEXT NOT NULL, hour INTEGER NOT NULL,
  at_s REAL NOT NULL, level TEXT NOT NULL
) STRICT;
CREATE INDEX ratings_by_day ON ratings (day, counter);
-- All that stays of a visit whose citizen opted out: that there was one.
CREATE TABLE dropped_visits (
  counter TEXT NOT NULL, day TEXT NOT NULL, hour INTEGER NOT NULL, visits INTEGER NOT NULL, PRIMARY KEY (counter, day, hour)
) STRICT;
-- Counters whose present citizen opted out and has not left yet: a restart must not begin to measure them.
CREATE TABLE opted_out (counter TEXT PRIMARY KEY, since_s REAL NOT NULL) STRICT;
-- level and reasons are NULL after an opt-out.
CREATE TABLE alerts (
  alert TEXT PRIMARY KEY, visit TEXT NOT NULL, counter TEXT NOT NULL, unit TEXT NOT NULL, day TEXT NOT NULL, hour INTEGER NOT NULL,
  raised_s REAL NOT NULL, since_s REAL NOT NULL, why TEXT NOT NULL, level TEXT, reasons TEXT, contacts TEXT NOT NULL,
  told INTEGER NOT NULL, state TEXT NOT NULL, due_s REAL, owner TEXT, contested_by TEXT, contested_role TEXT, note TEXT
) STRICT;
CREATE INDEX alerts_by_day ON alerts (day, counter);
CREATE INDEX alerts_due ON alerts (due_s) WHERE due_s IS NOT NULL;
CREATE INDEX alerts_by_visit ON alerts (visit);
-- The outbox: one row a person and alert for ever, so one SMS. The number is looked up in the configuration when it is sent.
CREATE TABLE alert_sms (
  ref TEXT PRIMARY KEY, alert TEXT NOT NULL REFERENCES alerts ON DELETE CASCADE, contact TEXT NOT NULL, told_s REAL NOT NULL,
  status TEXT NOT NULL, attempts INTEGER NOT NULL, next_s REAL NOT NULL, UNIQUE (alert, contact)
) STRICT;
CREATE INDEX alert_sms_queued ON alert_sms (next_s) WHERE status = 'queued';
CREATE TABLE faults (part TEXT PRIMARY KEY, why TEXT NOT NULL, since_s REAL NOT NULL) STRICT;
CREATE TABLE retention_runs (ran_s REAL NOT NULL) STRICT;
