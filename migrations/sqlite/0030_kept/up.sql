-- What somebody has typed into a form and not sent yet: theirs alone, until it is sent or its time is over.
create table drafts (
    user_id    integer not null references users (id),
    -- Of the form as it was given out; it names its owner under a secret of this office.
    form_key   text    not null,
    -- Where the form is sent to.
    place      text    not null,
    -- JSON: names and values. Null once it was sent: what comes late for that form is not kept.
    fields     text,
    -- Milliseconds since 1970, as below.
    saved_at   bigint  not null,
    expires_at bigint  not null,
    primary key (user_id, form_key)
);
create index drafts_expires on drafts (expires_at);

-- Whether the answer was given at the desk, to whoever gave the result out; else with the receipt's code.
alter table satisfaction add column at_desk boolean not null default false;
