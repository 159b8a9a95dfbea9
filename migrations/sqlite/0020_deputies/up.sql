-- Who does the steps of whom, from the first day to the last.
create table deputies (
    id           blob    not null primary key,
    principal_id integer not null references users (id),
    deputy_id    integer not null references users (id),
    valid_from   date    not null,
    valid_to     date    not null,
    named_by     integer not null references users (id),
    -- Milliseconds since 1970, as below.
    named_at     bigint  not null,
    -- Taken back before the last day.
    ended_at     bigint
);
create index deputies_deputy on deputies (deputy_id, valid_to);
create index deputies_principal on deputies (principal_id);
