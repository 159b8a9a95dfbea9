-- Lists of dossiers that somebody keeps under a name.
create table saved_lists (
    id         bytea    not null primary key,
    user_id    integer not null references users (id),
    -- Shared with the staff of this unit; null: the owner's alone.
    unit_id    integer references units (id),
    name       text    not null,
    -- What is asked of the list: JSON, [name, value] each.
    query      text    not null,
    -- Milliseconds since 1970.
    created_at bigint  not null
);
create index saved_lists_user on saved_lists (user_id, id);
create index saved_lists_unit on saved_lists (unit_id, id) where unit_id is not null;

-- How somebody wants lists shown: JSON.
create table list_settings (
    user_id integer not null primary key references users (id),
    shown   text    not null
);

-- Which version of a dossier whoever has it in hand, or had it lately, saw last.
create table last_seen (
    dossier_id bytea    not null references dossiers (id),
    user_id    integer not null references users (id),
    version    integer not null,
    -- Milliseconds since 1970.
    at         bigint  not null,
    primary key (dossier_id, user_id)
);
create index last_seen_at on last_seen (at);
