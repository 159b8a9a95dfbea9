-- Where a dossier was closed whose result has gone to a successor since: reports count it there, so that lists of what was
-- closed late have it there. What is older the program fills in once at start (`backfill`).
alter table dossiers add column closed_in_id integer;
create index dossiers_closed_in on dossiers (closed_in_id, closed_at, id) where closed_in_id is not null;
