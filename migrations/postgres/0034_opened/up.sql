-- What a reading was of: 1 an identity number, as all before this, 2 a dossier that a viewer opened. At once, however
-- many there are.
alter table identity_readings add column what smallint not null default 1;
