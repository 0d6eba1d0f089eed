-- edge 005 faces
-- Only people who enrolled, and only while their consent stands: a withdrawal deletes the row, the two events remain as proof.
-- Times are epoch seconds. Name and template are sealed with the device's key; `person` is drawn at random and means nothing.
CREATE TABLE face_people (
  person TEXT PRIMARY KEY, sealed_name BLOB NOT NULL, sealed_template BLOB NOT NULL, model TEXT NOT NULL, pictures INTEGER NOT NULL,
  liveness TEXT NOT NULL, what TEXT NOT NULL, why TEXT NOT NULL, given_s REAL NOT NULL, given_to TEXT NOT NULL, notice TEXT NOT NULL,
  used_s REAL NOT NULL
) STRICT;
