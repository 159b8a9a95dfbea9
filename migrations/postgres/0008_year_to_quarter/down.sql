delete from rollups where grain = 5;
drop index dossiers_watch;
create index dossiers_watch on dossiers (watch_at) where watch_at is not null;
