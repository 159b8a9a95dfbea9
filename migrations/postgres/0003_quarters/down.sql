delete from rollups where grain = 4;
alter table rollups
    alter column received_direct type bigint,
    alter column received_online type bigint,
    alter column received_postal type bigint,
    alter column early type bigint,
    alter column on_time type bigint,
    alter column overdue type bigint,
    alter column crossed type bigint,
    alter column moved type bigint;
