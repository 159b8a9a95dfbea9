-- Accounts, lists and searches, payments, online submission, what must happen once.

-- Accounts: without a password hash there is no log-in by password.
alter table users add column password_hash text;
-- The subject under which the OpenID Connect provider knows the member of staff.
alter table users add column oidc_subject text;
alter table users add column disabled_at bigint;
create unique index users_oidc_subject on users (oidc_subject) where oidc_subject is not null;
create index users_unit on users (unit_id);

-- `token_hash` is SHA-256 of the token; the token itself is kept nowhere.
create table sessions (
    token_hash bytea    not null primary key,
    id         bytea    not null unique,
    user_id    integer not null references users (id),
    created_at bigint  not null,
    expires_at bigint  not null,
    address    text    not null,
    agent      text    not null
);

create index sessions_by_user on sessions (user_id, expires_at);
create index sessions_expiry on sessions (expires_at);

-- Limits against guessing and abuse: until when what was tried so far counts.
create table attempts (
    key       text   not null primary key,
    counts_to bigint not null
);

create index attempts_expiry on attempts (counts_to);

-- Log-ins under way at the OpenID Connect provider.
create table oidc_logins (
    state_hash bytea   not null primary key,
    verifier   text   not null,
    nonce      text   not null,
    expires_at bigint not null
);

-- What an Idempotency-Key has made: the same key makes nothing again.
create table idempotency_keys (
    scope        text   not null,
    key          text   not null,
    request_hash bytea   not null,
    made         text   not null,
    created_at   bigint not null,
    primary key (scope, key)
);

create index idempotency_keys_age on idempotency_keys (created_at);

-- Messages to be sent, written with what they tell of.
create table outbox (
    id         bytea    not null primary key,
    kind       text    not null,
    recipient  text    not null,
    body       text    not null,
    created_at bigint  not null,
    due_at     bigint,
    tries      integer not null default 0
);

create index outbox_due on outbox (due_at) where due_at is not null;

-- Online submissions that wait for their code; `request` holds personal data and goes with the row.
create table submissions (
    id         bytea    not null primary key,
    request    text    not null,
    code_hash  bytea    not null,
    tries      integer not null default 0,
    created_at bigint  not null,
    expires_at bigint  not null,
    dossier_id bytea
);

create index submissions_expiry on submissions (expires_at);

-- Payments that a gateway has told of, each taken once.
create table gateway_payments (
    transaction_id text   not null primary key,
    dossier_id     bytea   not null,
    amount_vnd     bigint not null,
    taken_at       bigint not null
);

-- Who has read whose identity number.
create table identity_readings (
    id         bytea    not null primary key,
    at         bigint  not null,
    user_id    integer not null,
    dossier_id bytea    not null,
    person_id  bytea    not null
);

create index identity_readings_of on identity_readings (dossier_id);

-- Lists. `entered_at` is when a dossier was received, or registered while it is not; the areas are
-- the units right below the root under which its unit and its holder lie, so that a list of a whole
-- district is one walk along an index, however many units it has.
alter table dossiers add column entered_at bigint not null default 0;
alter table dossiers add column area_id integer;
alter table dossiers add column holder_area_id integer;

update dossiers set entered_at = coalesce(
    received_at,
    (select at from dossier_events where dossier_id = dossiers.id and sequence = 1),
    last_event_at
);

-- Lists go by a moment and then by id. On SQLite every index ends with the id by itself; here it has
-- to be said, or a moment that many share (the close of a day) is sorted anew for every page.
drop index dossiers_open;
drop index dossiers_open_by_unit;
drop index dossiers_open_by_holder;
drop index dossiers_late;
drop index dossiers_late_by_unit;
create index dossiers_open on dossiers (open_due_at, id) where open_due_at is not null;
create index dossiers_open_by_unit on dossiers (unit_id, open_due_at, id) where open_due_at is not null;
create index dossiers_open_by_holder on dossiers (holder_id, open_due_at, id) where open_due_at is not null;
create index dossiers_late on dossiers (late_at, id) where late_at is not null;
create index dossiers_late_by_unit on dossiers (unit_id, late_at, id) where late_at is not null;

create index dossiers_entered on dossiers (entered_at, id);
create index dossiers_by_unit on dossiers (unit_id, entered_at, id);
create index dossiers_by_area on dossiers (area_id, entered_at, id);
create index dossiers_by_procedure on dossiers (procedure_id, entered_at, id);

create index dossiers_open_by_area on dossiers (area_id, open_due_at, id) where open_due_at is not null;
create index dossiers_open_by_holder_area on dossiers (holder_area_id, open_due_at, id) where open_due_at is not null;
create index dossiers_open_by_assignee on dossiers (assignee_id, open_due_at, id) where open_due_at is not null and assignee_id is not null;
create index dossiers_late_by_area on dossiers (area_id, late_at, id) where late_at is not null;
create index dossiers_late_by_holder on dossiers (holder_id, late_at, id) where late_at is not null;
create index dossiers_late_by_holder_area on dossiers (holder_area_id, late_at, id) where late_at is not null;

drop index dossiers_registered;
create index dossiers_registered on dossiers (entered_at, id) where status = 1;
create index dossiers_registered_by_unit on dossiers (unit_id, entered_at, id) where status = 1;
create index dossiers_registered_by_area on dossiers (area_id, entered_at, id) where status = 1;

-- Searches by person: the name folded, given name first, as people look for it.
alter table persons add column search_name text collate "C";
alter table persons add column unit_id integer;
alter table persons add column dossier_id bytea;

create index dossiers_applicant on dossiers (applicant_id);
create index dossiers_delegate on dossiers (delegate_id) where delegate_id is not null;
update persons set dossier_id = coalesce(
    (select id from dossiers where applicant_id = persons.id),
    (select id from dossiers where delegate_id = persons.id)
);
update persons set unit_id = (select unit_id from dossiers where id = persons.dossier_id);
drop index dossiers_applicant;
drop index dossiers_delegate;

create index persons_name on persons (search_name, id) where search_name is not null;
create index persons_name_by_unit on persons (unit_id, search_name, id) where search_name is not null;
create index persons_phone on persons (phone) where phone is not null;
