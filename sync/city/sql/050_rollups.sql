-- 050 rollups
ALTER TABLE city_chains ADD COLUMN rolled BIGINT NOT NULL DEFAULT 0;
CREATE TABLE city_hours (
  device BIGINT NOT NULL, day TEXT NOT NULL, counter TEXT NOT NULL, hour BIGINT NOT NULL,
  camera_very_satisfied BIGINT NOT NULL, camera_satisfied BIGINT NOT NULL, camera_neutral BIGINT NOT NULL,
  camera_dissatisfied BIGINT NOT NULL, camera_angry BIGINT NOT NULL,
  rated_very_satisfied BIGINT NOT NULL, rated_satisfied BIGINT NOT NULL, rated_neutral BIGINT NOT NULL,
  rated_dissatisfied BIGINT NOT NULL, rated_angry BIGINT NOT NULL,
  not_enough BIGINT NOT NULL, dropped BIGINT NOT NULL, both_marks BIGINT NOT NULL, same_side BIGINT NOT NULL,
  alerts BIGINT NOT NULL, contested BIGINT NOT NULL, PRIMARY KEY (device, day, counter, hour)
);
CREATE TABLE city_handovers (
  device BIGINT NOT NULL, day TEXT NOT NULL, loaded BIGINT NOT NULL, collected BIGINT NOT NULL, deposited BIGINT NOT NULL,
  recalled BIGINT NOT NULL, PRIMARY KEY (device, day)
);
CREATE TABLE city_waits (
  device BIGINT NOT NULL, day TEXT NOT NULL, hour BIGINT NOT NULL, tickets BIGINT NOT NULL, served BIGINT NOT NULL,
  gone BIGINT NOT NULL, spans BYTEA NOT NULL, PRIMARY KEY (device, day, hour)
);
