-- On what a row of the calendar rests: law, notice or provisional, and the number of the document. What is
-- there already: nobody has said. A few hundred rows; instances of the version before go on reading.
alter table calendar_days add column source text;
alter table calendar_days add column document text;
