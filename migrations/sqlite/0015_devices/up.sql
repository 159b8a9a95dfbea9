-- Devices from which somebody has logged in: who guesses at a name elsewhere does not shut them out.
create table devices (
    token_hash blob    not null primary key,
    user_id    integer not null references users (id),
    used_at    bigint  not null
) without rowid;

create index devices_by_user on devices (user_id, used_at);
create index devices_by_use on devices (used_at);
