alter table persons drop column notify_by;
alter table users drop column email;
drop table outbox;
drop table unannounced_events;
create table outbox (
    id         blob not null primary key,
    kind       text not null,
    recipient  text not null,
    body       text not null,
    created_at bigint not null,
    due_at     bigint,
    tries      integer not null default 0
);
create index outbox_due on outbox (due_at) where due_at is not null;
