-- edge 004 queue
-- One row a ticket; a number is of a day, so no number is given twice. Times are epoch seconds, day is the site's own.
-- priority says why only while the ticket is not over; the paper, not the table, knows whose it is.
CREATE TABLE tickets (
  day TEXT NOT NULL, nth INTEGER NOT NULL, letter TEXT NOT NULL, serial INTEGER NOT NULL, service TEXT NOT NULL,
  priority TEXT NOT NULL, issued_s REAL NOT NULL, state TEXT NOT NULL, place INTEGER NOT NULL, calls INTEGER NOT NULL,
  misses INTEGER NOT NULL, counter TEXT, called_s REAL, counter_s REAL, came_s REAL, over_s REAL,
  PRIMARY KEY (day, nth), UNIQUE (day, letter, serial)
) STRICT;
CREATE INDEX tickets_open ON tickets (day) WHERE over_s IS NULL;
-- How many tickets with priority a counter called in a row.
CREATE TABLE ticket_runs (
  day TEXT NOT NULL, counter TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (day, counter)
) STRICT;
