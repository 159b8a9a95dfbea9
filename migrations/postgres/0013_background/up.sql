-- Background work that stops for nobody.

-- Whose a message is while it is under way: whoever claimed it settles it, nobody else.
alter table outbox add column lease bigint;

-- What waits for a webhook, without looking at what waits for the others.
create index outbox_of_webhook on outbox (recipient, due_at)
where kind = 'webhook' and due_at is not null;

-- To whom nothing gets through at present: one row instead of a change to all that waits.
create table outbox_targets (
    kind         text not null,
    -- The webhook's id; empty: all messages of the kind.
    recipient    text not null,
    -- How often in a row nothing got through.
    failures     integer not null,
    since        bigint not null,
    -- Nobody is there: until then nothing is tried, and then one message. Null: somebody answers.
    paused_until bigint,
    primary key (kind, recipient)
);

-- Dossiers that some work passes over because their data are damaged, or newer than the program.
create table set_aside (
    -- overdue, recompute, successor, announce
    work         text not null,
    dossier_id   bytea not null,
    -- Which versions of the program pass over it, each between spaces.
    passed_by    text not null,
    -- What is wrong, without personal data.
    error        text not null,
    since        bigint not null,
    last_at      bigint not null,
    tries        integer not null,
    -- Somebody has looked and wants it left alone.
    dismissed_at bigint,
    primary key (work, dossier_id)
);

-- What an administrator has to look at, while it lasts.
create table alarms (
    id        bytea not null primary key,
    kind      text not null,
    -- What of it: a kind of message, a dossier; empty where there is but one.
    subject   text not null,
    -- For people; no personal data.
    detail    text not null,
    raised_at bigint not null,
    unique (kind, subject)
);
