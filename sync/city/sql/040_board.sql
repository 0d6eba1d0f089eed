-- 040 board
CREATE INDEX city_stays_collected ON city_stays (collected_ms);
CREATE INDEX city_stays_deposited ON city_stays (deposited_ms);
CREATE INDEX city_stays_loaded ON city_stays (loaded_ms);
CREATE INDEX city_stays_recalled ON city_stays (recalled_ms);
CREATE INDEX city_stays_held ON city_stays (device) WHERE collected_ms IS NULL AND recalled_ms IS NULL AND released_ms IS NULL;
CREATE INDEX city_part_faults_open ON city_part_faults (device) WHERE is_open = 1;
