-- Where a unit's desk is and how it is called, for those who wait for it. At once, however many dossiers there are.
alter table units add column address text;
alter table units add column phone text;
