-- Work that grows with the province: asked for by a request or an import, done by a job in small
-- transactions. Read by nothing that the program before this knows, so both may run side by side.
create table jobs (
    id          bytea   not null primary key,
    kind        text   not null,
    -- JSON: what the kind has to know.
    about       text   not null,
    created_at  bigint not null,
    -- Who asked; none: an import, or the program itself.
    created_by  integer,
    started_at  bigint,
    finished_at bigint,
    -- Until when nobody else takes it: whoever works on it holds it, or it pauses after an error.
    held_until  bigint not null default 0,
    -- Counts up with every claim: only the last may write.
    claims      integer not null default 0,
    -- Errors in a row.
    tries       integer not null default 0,
    done        bigint not null default 0,
    total       bigint not null default 0,
    changed     bigint not null default 0,
    -- Where the next claim goes on.
    place       text,
    -- Why the last try ended.
    error       text
);

create index jobs_open on jobs (id) where finished_at is null;

-- Comments are far fewer than ratings.
create index satisfaction_comments on satisfaction (at, dossier_id) where comment is not null;
create index satisfaction_comments_by_unit on satisfaction (unit_id, at, dossier_id) where comment is not null;
