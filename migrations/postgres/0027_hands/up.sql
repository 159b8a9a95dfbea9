-- Results that wait to be fetched move with a succession like open dossiers, so they are found by unit. Few rows each:
-- a million dossiers take a second or two.
create index dossiers_waiting_by_unit on dossiers (unit_id, id) where status = 9;
create index dossiers_waiting_by_holder on dossiers (holder_id, id) where status = 9;
create index dossiers_waiting_by_receiving on dossiers (receiving_id, id) where status = 9 and receiving_id is not null;
-- What was closed late, newest first: few of all.
create index dossiers_closed_late on dossiers (closed_at, id) where outcome = 3;
create index dossiers_closed_late_by_unit on dossiers (unit_id, closed_at, id) where outcome = 3;
create index dossiers_closed_late_by_area on dossiers (area_id, closed_at, id) where outcome = 3;
-- Money that came in and went out, for the report of it: one of some twenty events.
create index dossier_events_money on dossier_events (at) where kind in (8, 19, 25, 26);
