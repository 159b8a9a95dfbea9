-- Other systems of the province that are told of events.
create table webhooks (
    id          blob    not null primary key,
    -- Events of dossiers of this unit and of what is under it.
    unit_id     integer not null references units (id),
    url         text    not null,
    -- JSON: names of kinds of events, or * for all.
    kinds       text    not null,
    -- What deliveries are signed with, so it has to be there as it is.
    secret      text    not null,
    created_at  bigint  not null,
    disabled_at bigint,
    version     integer not null
);

create index webhooks_of_unit on webhooks (unit_id, id);
