-- What motcua tells the world: events whose messages are yet to be made, and the messages.

-- Written in the transaction of the event, and taken away in the one that makes its messages.
create table unannounced_events (
    id         integer not null primary key,
    dossier_id blob not null,
    sequence   integer not null
);

-- What waited so far were codes of online submissions that nothing ever sent; they have run out.
drop table outbox;

create table outbox (
    id         blob not null primary key,
    -- email, sms, zalo, portal, webhook
    kind       text not null,
    topic      text not null,
    -- E-mail address, phone number, the webhook's id.
    recipient  text not null,
    -- JSON; emptied when the message is settled, for it holds personal data.
    body       text not null,
    dossier_id blob,
    -- Its place among the messages on its dossier to that recipient, where order matters.
    position   integer,
    -- What must be told once only.
    once_key   text unique,
    created_at bigint not null,
    -- When to try next, or until when somebody is trying; null when it is settled.
    due_at     bigint,
    tries      integer not null default 0,
    settled_at bigint,
    -- 1 delivered, 2 given up.
    outcome    smallint,
    error      text
);

create index outbox_due on outbox (kind, due_at) where due_at is not null;
create index outbox_order on outbox (kind, dossier_id, position) where due_at is not null and position is not null;
create index outbox_settled on outbox (settled_at) where settled_at is not null;
create index outbox_given_up on outbox (id) where outcome = 2;
create index outbox_of_recipient on outbox (kind, recipient, id);

-- Where staff get their mail.
alter table users add column email text;
-- How a person wants to be told: email, sms, zalo, none.
alter table persons add column notify_by text;
