drop table late_tallies;
alter table dossiers drop column recorded_at;
alter table dossier_events drop column recorded_at;
