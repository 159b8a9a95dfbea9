drop index satisfaction_comments_by_unit;
drop index satisfaction_comments;
drop table jobs;
