-- Open dossiers with a new appointment: the desk works by it. Few have one; a second for a million dossiers.
create index dossiers_appointed on dossiers (appointment_at, id) where appointment_at is not null and open_due_at is not null;
