-- Of the resolved, those that on-time rates leave out, and of these the overdue. Nothing was left out before.
alter table tally_deltas add column left_out bigint not null default 0;
alter table tally_deltas add column left_out_overdue bigint not null default 0;
alter table late_tallies add column left_out bigint not null default 0;
alter table late_tallies add column left_out_overdue bigint not null default 0;
alter table rollups add column left_out integer not null default 0;
alter table rollups add column left_out_overdue integer not null default 0;
