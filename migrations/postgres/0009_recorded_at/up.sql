-- When an event was recorded, beside when it happened. Null for events from before: they count as
-- recorded when they happened, and are hashed without it.
alter table dossier_events add column recorded_at bigint;

-- Of the last event.
alter table dossiers add column recorded_at bigint not null default 0;
update dossiers set recorded_at = last_event_at;

-- Changes of counts that were recorded on a later day than their own: a report as of a day leaves
-- out what was recorded after it. They are in `tally_deltas` and `rollups` as well.
create table late_tallies (
    id              bigint generated always as identity primary key,
    recorded_day    integer not null,
    day             integer not null,
    unit_id         integer not null,
    procedure_id    integer not null,
    channel         smallint not null,
    received_direct bigint  not null,
    received_online bigint  not null,
    received_postal bigint  not null,
    early           bigint  not null,
    on_time         bigint  not null,
    overdue         bigint  not null,
    crossed         bigint  not null,
    moved           bigint  not null
);

create index late_tallies_recorded on late_tallies (recorded_day, day);
