-- People are found by name also at the desk that took their dossier in for another unit, and at the one that has it on
-- its desk: set where these are not the unit that answers for it.
alter table persons add column receiving_id integer;
alter table persons add column holder_id integer;
-- A phone number as it is read now, where it was kept otherwise: the program fills it.
alter table persons add column phone_key text;

update persons set
    receiving_id = (select receiving_id from dossiers where id = persons.dossier_id),
    holder_id = (select nullif(holder_id, unit_id) from dossiers where id = persons.dossier_id)
where dossier_id in (select id from dossiers where receiving_id is not null or holder_id <> unit_id);

create index persons_name_by_receiving on persons (receiving_id, search_name, id) where receiving_id is not null;
create index persons_name_by_holder on persons (holder_id, search_name, id) where holder_id is not null;
create index persons_phone_key on persons (phone_key) where phone_key is not null;

-- What is said of a dossier, for whoever takes the personal data out of it.
create index feedback_of_dossier on feedback (dossier_id) where dossier_id is not null;
create index payments_of_dossier on payments (dossier_id) where dossier_id is not null;
