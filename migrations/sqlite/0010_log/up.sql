-- The log: every event, reading of an identity and act of administration by its hash, in one Merkle
-- tree (RFC 6962). Batches, nodes and checkpoints are only ever added to.

-- Entries of 53 bytes one after the other: kind (1 event, 2 reading, 3 act, 4 person), reference, hash.
create table log_batches (
    first_index integer not null primary key,
    entries     blob    not null
);

-- The hashes of whole subtrees of 256 entries and more, by level (8, 9 …) and place within it.
create table log_nodes (
    level integer not null,
    place integer not null,
    hash  blob    not null,
    primary key (level, place)
) without rowid;

-- Readings and acts whose entries are yet to be made: written in their transaction, taken away in the
-- one that makes the entries. Of events, unannounced_events says so.
create table log_waiting (
    id      integer not null primary key,
    subject blob    not null,
    hash    blob    not null
);

-- Events that are in the log while unannounced_events still names them: of what cannot be told of, the
-- note stays, the entry does not wait.
create table log_sealed_early (
    dossier_id blob not null,
    sequence   integer not null,
    primary key (dossier_id, sequence)
) without rowid;

-- Signed notes that were given out.
create table log_checkpoints (
    size bigint not null,
    at   bigint not null,
    note text   not null,
    primary key (size, at)
) without rowid;

-- What administrators did, and this program by itself at start. `data` is JSON and holds no secrets.
-- Numbers are never given again.
create table admin_acts (
    id    integer primary key autoincrement not null,
    at    bigint  not null,
    actor integer not null,
    kind  text    not null,
    data  text    not null
);

create index admin_acts_of_kind on admin_acts (kind, id);

-- The key of the hash by which events, or for those who were there before the log, commit to the
-- person's record. Without it nobody can tell whose record it was.
alter table persons add column commitment_key blob;
update persons set commitment_key = randomblob(16);

-- A password that somebody else has set is good for changing it only.
alter table users add column must_change_password boolean not null default false;
