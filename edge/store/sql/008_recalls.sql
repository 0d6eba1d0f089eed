-- edge 008 recalls
-- The city took a result back: no code is issued for it any more, staff take it out.
ALTER TABLE locker_stays ADD COLUMN recalled_s REAL;
