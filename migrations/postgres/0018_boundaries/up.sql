-- Receipt regardless of boundary: the desk that took a dossier in, where it is not the competent unit's.
alter table dossiers add column receiving_id integer references units (id);
create index dossiers_receiving_entered on dossiers (receiving_id, entered_at, id)
    where receiving_id is not null;
create index dossiers_receiving_due on dossiers (receiving_id, open_due_at, id)
    where receiving_id is not null and open_due_at is not null;
create index dossiers_receiving_late on dossiers (receiving_id, late_at, id)
    where receiving_id is not null and late_at is not null;

-- Counts of that, and of how the resolved ended.
alter table tally_deltas add column received_elsewhere bigint not null default 0;
alter table tally_deltas add column received_for_others bigint not null default 0;
alter table tally_deltas add column passed_on_late bigint not null default 0;
alter table tally_deltas add column refused bigint not null default 0;
alter table tally_deltas add column stopped bigint not null default 0;
alter table tally_deltas add column withdrawn bigint not null default 0;
alter table late_tallies add column received_elsewhere bigint not null default 0;
alter table late_tallies add column received_for_others bigint not null default 0;
alter table late_tallies add column passed_on_late bigint not null default 0;
alter table late_tallies add column refused bigint not null default 0;
alter table late_tallies add column stopped bigint not null default 0;
alter table late_tallies add column withdrawn bigint not null default 0;
alter table rollups add column received_elsewhere integer not null default 0;
alter table rollups add column received_for_others integer not null default 0;
alter table rollups add column passed_on_late integer not null default 0;
alter table rollups add column refused integer not null default 0;
alter table rollups add column stopped integer not null default 0;
alter table rollups add column withdrawn integer not null default 0;
