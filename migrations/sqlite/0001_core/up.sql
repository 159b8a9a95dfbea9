-- Instants are milliseconds since 1970-01-01T00:00:00Z; days in counters and roll-ups are days
-- since 1970-01-01 (civil, Asia/Ho_Chi_Minh). Ids of 16 bytes are UUIDs of version 7.
-- The tables that grow name no foreign keys into each other: `motcua verify` checks them, and
-- bulk loading stays quick on both databases.

create table settings (
    key   text not null primary key,
    value text not null
) without rowid;

create table units (
    id               integer not null primary key,
    code             text    not null unique,
    level            integer not null,
    kind             text    not null,
    name             text    not null,
    parent_id        integer references units (id),
    statistical_code text,
    valid_from       date    not null,
    valid_to         date,
    office_hours     text
);

create table unit_successions (
    unit_id      integer not null references units (id),
    successor_id integer not null references units (id),
    share        text    not null,
    effective_on date    not null,
    primary key (unit_id, successor_id)
) without rowid;

create table calendar_days (
    day  date not null primary key,
    kind text not null,
    name text not null
) without rowid;

create table fields (
    id   integer not null primary key,
    name text    not null unique
);

-- One row a version; `definition` is the whole of it as JSON, the columns are what reports ask.
create table procedures (
    id         integer not null primary key,
    code       text    not null,
    field_id   integer not null references fields (id),
    valid_from date    not null,
    valid_to   date,
    definition text    not null,
    unique (code, valid_from)
);

create table users (
    id        integer not null primary key,
    username  text    not null unique,
    full_name text    not null,
    role      text    not null,
    unit_id   integer not null references units (id)
);

create table plan_targets (
    year   integer not null,
    name   text    not null,
    amount integer not null,
    primary key (year, name)
) without rowid;

-- Phản ánh, kiến nghị.
create table feedback (
    id          blob    not null primary key,
    unit_id     integer not null references units (id),
    received_at bigint  not null,
    handled_at  bigint
) without rowid;

-- Applicants and delegates as given on one dossier: the only place of personal data.
create table persons (
    id            blob   not null primary key,
    name          text   not null,
    identity_kind integer,
    identity      text,
    identity_key  bigint,
    phone         text,
    email         text,
    address       text
) without rowid;

create index persons_identity on persons (identity_key) where identity_key is not null;

-- The state that replaying a dossier's events gives.
create table dossiers (
    id             blob    not null primary key,
    case_number    text    not null,
    procedure_id   integer not null references procedures (id),
    unit_id        integer not null references units (id),
    holder_id      integer not null references units (id),
    channel        integer not null,
    return_channel integer not null,
    applicant_id   blob    not null,
    delegate_id    blob,
    status         integer not null,
    received_at    bigint,
    due_at         bigint,
    overdue        boolean not null,
    appointment_at bigint,
    step           integer not null,
    step_due_at    bigint,
    assignee_id    integer,
    decision       integer,
    outcome        integer,
    closed_at      bigint,
    returned_at    bigint,
    -- Set while open: the due moment, by which open dossiers are listed.
    open_due_at    bigint,
    -- Set while open and either running or past due: when it is, or will have become, overdue.
    late_at        bigint,
    -- Set while open, running and not recorded as overdue: when it becomes so, which is what the
    -- sweep watches. The due moment, or the last event if that is later.
    watch_at       bigint,
    version        integer not null,
    last_event_at  bigint  not null
) without rowid;

create unique index dossiers_case_number on dossiers (case_number);
create index dossiers_open on dossiers (open_due_at) where open_due_at is not null;
create index dossiers_open_by_unit on dossiers (unit_id, open_due_at) where open_due_at is not null;
create index dossiers_open_by_holder on dossiers (holder_id, open_due_at) where open_due_at is not null;
create index dossiers_registered on dossiers (unit_id, last_event_at) where status = 1;
create index dossiers_late on dossiers (late_at) where late_at is not null;
create index dossiers_late_by_unit on dossiers (unit_id, late_at) where late_at is not null;
create index dossiers_watch on dossiers (watch_at) where watch_at is not null;

-- Append-only. `hash` is SHA-256 over the hash of the event before it and this event.
create table dossier_events (
    dossier_id blob    not null,
    sequence   integer not null,
    kind       integer not null,
    at         bigint  not null,
    actor      integer not null,
    data       text    not null,
    hash       blob    not null,
    primary key (dossier_id, sequence)
) without rowid;

create table case_counters (
    unit_id integer not null,
    day     integer not null,
    last    integer not null,
    primary key (unit_id, day)
) without rowid;

-- Changes of counts, written in the transaction of their event and folded into `rollups` later.
create table tally_deltas (
    id              integer not null primary key,
    day             integer not null,
    unit_id         integer not null,
    procedure_id    integer not null,
    channel         integer not null,
    received_direct bigint  not null,
    received_online bigint  not null,
    received_postal bigint  not null,
    early           bigint  not null,
    on_time         bigint  not null,
    overdue         bigint  not null,
    crossed         bigint  not null,
    moved           bigint  not null
);

-- Counts by dimension and bucket of days; made again from the events at any time.
create table rollups (
    dimension       integer not null,
    grain           integer not null,
    bucket          integer not null,
    key             integer not null,
    subkey          integer not null,
    received_direct bigint  not null,
    received_online bigint  not null,
    received_postal bigint  not null,
    early           bigint  not null,
    on_time         bigint  not null,
    overdue         bigint  not null,
    crossed         bigint  not null,
    moved           bigint  not null,
    primary key (dimension, grain, bucket, key, subkey)
) without rowid;
