drop table alarms;
drop table set_aside;
drop table outbox_targets;
drop index outbox_of_webhook;
alter table outbox drop column lease;
