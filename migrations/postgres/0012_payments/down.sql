delete from settings where key = 'reversals_filled';
drop table tally_reversals;
drop table payment_acts;
drop table payments;
