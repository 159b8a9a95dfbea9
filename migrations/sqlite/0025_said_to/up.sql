-- The last day of a version as it says itself: without the one that follows it, it would hold until then. Where another
-- follows on the next day, it is taken to have said nothing. Some hundreds of rows: at once.
alter table procedures add column said_to date;
update procedures set said_to = valid_to
where valid_to is not null
  and not exists (
      select 1 from procedures next
      where next.code = procedures.code and next.valid_from = date(procedures.valid_to, '+1 day')
  );
