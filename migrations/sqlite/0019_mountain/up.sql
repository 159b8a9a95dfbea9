-- Units where a procedure may take longer (miền núi, vùng sâu, vùng xa): none is marked yet. At once, however many
-- dossiers there are.
alter table units add column mountain boolean not null default false;
