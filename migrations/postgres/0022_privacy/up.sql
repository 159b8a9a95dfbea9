-- What people ask about their own data, and what became of it.
create table privacy_requests (
    id          bytea    not null primary key,
    unit_id     integer  not null references units (id),
    dossier_id  bytea    not null references dossiers (id),
    person_id   bytea    not null,
    -- 1 to see, 2 to correct, 3 to restrict, 4 to delete.
    what        smallint not null,
    note        text     not null,
    -- Milliseconds since 1970, as below.
    received_at bigint   not null,
    received_by integer  not null references users (id),
    answer_by   bigint   not null,
    done_by     bigint   not null,
    answered_at bigint,
    settled_at  bigint,
    settled_by  integer references users (id),
    -- Why it was refused; null where it was done.
    refusal     text
);
create index privacy_requests_unit on privacy_requests (unit_id, id);
