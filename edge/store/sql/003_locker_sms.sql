-- edge 003 locker sms
-- The outbox of SMS to citizens: one row a stay, kind and number for ever, so one SMS. `sealed_phone` is NULL as soon as nobody
-- needs it: when the transport has the message or never will. The words are put together when it is sent; the code is nowhere here.
CREATE TABLE locker_sms (
  ref TEXT PRIMARY KEY, stay TEXT NOT NULL, kind TEXT NOT NULL, turn INTEGER NOT NULL, sealed_phone BLOB, dossier TEXT, receipt TEXT,
  door TEXT NOT NULL, lang TEXT NOT NULL, queued_s REAL NOT NULL, status TEXT NOT NULL, handed INTEGER NOT NULL,
  attempts INTEGER NOT NULL, next_s REAL NOT NULL, UNIQUE (stay, kind, turn)
) STRICT;
CREATE INDEX locker_sms_waiting ON locker_sms (next_s) WHERE status = 'queued' AND handed = 0;
-- Codes that the transport has and the code book was not yet told of: an agent may die between the two.
CREATE INDEX locker_sms_untold ON locker_sms (ref) WHERE handed = 1 AND kind = 'code';
