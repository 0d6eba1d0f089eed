-- edge 006 directory
-- How far dossiers are, as the city said last. A code, a status and dates; never whose it is. as_of is epoch seconds.
CREATE TABLE dossiers (
  code TEXT PRIMARY KEY, status TEXT NOT NULL, step TEXT, promised TEXT, as_of REAL NOT NULL
) STRICT;
CREATE INDEX dossiers_as_of ON dossiers (as_of);
-- Where the next sync goes on; one row.
CREATE TABLE directory_mark (one INTEGER PRIMARY KEY CHECK (one = 1), mark TEXT NOT NULL) STRICT;
