-- Two dossiers that belong together: the smaller id first.
create table dossier_links (
    one_id   blob      not null references dossiers (id),
    other_id blob      not null references dossiers (id),
    -- 1 related, 2 the later takes the place of the earlier, 3 of one chain of procedures.
    kind     smallint not null,
    -- Milliseconds since 1970.
    at       bigint   not null,
    user_id  integer  not null references users (id),
    primary key (one_id, other_id)
);
create index dossier_links_other on dossier_links (other_id);

-- Texts that a unit and those under it put into what they write to applicants.
create table text_blocks (
    id         blob     not null primary key,
    unit_id    integer not null references units (id),
    -- For what: supplement, refusal, not_received, apology.
    purpose    text    not null,
    -- Code of a procedure; null: for all.
    procedure  text,
    title      text    not null,
    body       text    not null,
    -- Milliseconds since 1970.
    changed_at bigint  not null,
    changed_by integer not null references users (id),
    version    integer not null
);
create index text_blocks_unit on text_blocks (unit_id, purpose);
