delete from settings where key in ('log_adopted', 'log_public_key');
alter table users drop column must_change_password;
alter table persons drop column commitment_key;
drop table admin_acts;
drop table log_checkpoints;
drop table log_sealed_early;
drop table log_waiting;
drop table log_nodes;
drop table log_batches;
