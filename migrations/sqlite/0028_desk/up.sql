-- A paper that was printed again; the first print is none.
create table reprints (
    dossier_id blob     not null references dossiers (id),
    -- As the forms of config/norms.json: 1 the receipt.
    form       smallint not null,
    -- From 1.
    copy       integer  not null,
    -- Milliseconds since 1970.
    at         bigint   not null,
    user_id    integer  not null references users (id),
    primary key (dossier_id, form, copy)
);

-- What staff tell each other about a dossier: on no paper, and for no citizen.
create table dossier_notes (
    id         blob    not null primary key,
    dossier_id blob    not null references dossiers (id),
    -- Milliseconds since 1970.
    at         bigint  not null,
    user_id    integer not null references users (id),
    note       text    not null
);
create index dossier_notes_dossier on dossier_notes (dossier_id, at);
