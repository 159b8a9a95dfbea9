-- When an event was recorded, beside when it happened. Null for events from before: they count as
-- recorded when they happened, and are hashed without it.
alter table dossier_events add column recorded_at integer;

-- Of the last event.
alter table dossiers add column recorded_at integer not null default 0;
update dossiers set recorded_at = last_event_at;

-- Changes of counts that were recorded on a later day than their own: a report as of a day leaves
-- out what was recorded after it. They are in `tally_deltas` and `rollups` as well.
create table late_tallies (
    id              integer not null primary key autoincrement,
    recorded_day    integer not null,
    day             integer not null,
    unit_id         integer not null,
    procedure_id    integer not null,
    channel         integer not null,
    received_direct integer not null,
    received_online integer not null,
    received_postal integer not null,
    early           integer not null,
    on_time         integer not null,
    overdue         integer not null,
    crossed         integer not null,
    moved           integer not null
);

create index late_tallies_recorded on late_tallies (recorded_day, day);
