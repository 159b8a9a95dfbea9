-- What payment gateways have told of: each notice is recorded before it is matched with a dossier.
-- Takes the place of gateway_payments, which stays for a program of the release before that may still
-- run beside this one.
create table payments (
    id             bigint  generated always as identity primary key,
    -- The gateway's own number of it.
    transaction_id text    not null,
    -- As the gateway tells it; perhaps no number of ours.
    case_number    text    not null,
    amount_vnd     bigint  not null,
    received_at    bigint  not null,
    -- 1 received, 2 taken, 3 unmatched, 4 paid back.
    state          smallint not null,
    -- Why it is unmatched.
    reason         smallint,
    dossier_id     bytea,
    settled_at     bigint
);

-- However often it is told, it is recorded once; and of what is told under one number, one is taken
-- without people.
create unique index payments_told_once on payments (transaction_id, case_number, amount_vnd);
create unique index payments_taken_once on payments (transaction_id) where state = 2 and reason is null;
create index payments_by_state on payments (state, id);

-- What people did about a payment that did not match.
create table payment_acts (
    id         bigint  generated always as identity primary key,
    payment_id bigint  not null references payments (id),
    at         bigint  not null,
    user_id    integer not null references users (id),
    -- 1 taken, 2 paid back, 3 noted.
    kind       smallint not null,
    reason     text    not null
);

create index payment_acts_of on payment_acts (payment_id, id);

insert into payments
    (transaction_id, case_number, amount_vnd, received_at, state, dossier_id, settled_at)
select g.transaction_id, coalesce(d.case_number, ''), g.amount_vnd, g.taken_at, 2, g.dossier_id, g.taken_at
from gateway_payments g left join dossiers d on d.id = g.dossier_id
order by g.taken_at;

-- What takes back, or takes along, something that was counted on an earlier day. Made again from the
-- events at any time, like the roll-ups; filled by the program for events that are older.
create table tally_reversals (
    id           bigint  generated always as identity primary key,
    day          integer not null,
    recorded_day integer not null,
    origin_day   integer not null,
    unit_id      integer not null,
    procedure_id integer not null,
    channel      smallint not null,
    -- 1 to 3: a closing that was early, on time, overdue was undone; 4, 5: a receipt left, came.
    what         smallint not null
);

create index tally_reversals_by_day on tally_reversals (day);
