-- What people say: a rating after return, one a dossier; feedback (phản ánh, kiến nghị) with its life.

-- Unit, procedure and person in charge as they were when the result was given out.
create table satisfaction (
    dossier_id   blob not null primary key,
    rating       integer not null check (rating between 1 and 5),
    comment      text,
    at           bigint not null,
    unit_id      integer not null references units (id),
    procedure_id integer not null references procedures (id),
    officer_id   integer
) without rowid;

create index satisfaction_at on satisfaction (at);

-- Without `content` a row only counts: it is from before, or of the scenario.
alter table feedback add column kind integer not null default 1;
alter table feedback add column content text;
alter table feedback add column dossier_id blob;
alter table feedback add column sender_name text;
alter table feedback add column sender_phone text;
alter table feedback add column sender_email text;
-- SHA-256 of the id and the sender's code; the code itself is kept nowhere.
alter table feedback add column code_hash blob;
alter table feedback add column due_at bigint;
alter table feedback add column assignee_id integer;
alter table feedback add column answer text;
alter table feedback add column answered_by integer;
alter table feedback add column published_at bigint;
alter table feedback add column public_content text;
alter table feedback add column public_answer text;
alter table feedback add column version integer not null default 1;

create index feedback_received on feedback (received_at);
create index feedback_open on feedback (due_at) where handled_at is null;
create index feedback_published on feedback (published_at) where published_at is not null;
