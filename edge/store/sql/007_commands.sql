-- edge 007 commands
-- The city's orders and their answers, so that each is done once however often it comes. outcome NULL: being worked on, and args
-- is there so that a restart can go on; it goes with the answer. kind is the order's name. Times are epoch seconds.
CREATE TABLE commands (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, by TEXT NOT NULL, digest TEXT NOT NULL, taken_s REAL NOT NULL, not_after_s REAL NOT NULL,
  args TEXT, outcome TEXT, why TEXT, answered_s REAL
) STRICT;
CREATE INDEX commands_working ON commands (kind) WHERE outcome IS NULL;
-- Compartments that the city keeps free for a dossier on its way. The stay begins under the same name when it is loaded.
CREATE TABLE locker_holds (
  compartment TEXT PRIMARY KEY, stay TEXT NOT NULL UNIQUE, dossier TEXT NOT NULL UNIQUE, by TEXT NOT NULL, at_s REAL NOT NULL,
  until_s REAL NOT NULL
) STRICT;
