-- `rollups` counts by unit and procedure (6) and by unit and channel (7) as well: rows that the program adds once at
-- start (`backfill`), from the events, which takes a minute for a million dossiers. By unit and field (5) it counts no
-- more; those rows go with the release after this one, when no older instance reads them.
delete from settings where key = 'counted_by_unit';
