-- Roll-ups by reporting quarter as well: the periods of the reports are quarters, halves, nine months
-- and years, and a report reads a third of the rows. Reporting months are numbered so that three of
-- them make a quarter.
insert into rollups (
    dimension, grain, bucket, key, subkey, received_direct, received_online, received_postal,
    early, on_time, overdue, crossed, moved
)
select
    dimension, 4, bucket / 3, key, subkey, sum(received_direct), sum(received_online),
    sum(received_postal), sum(early), sum(on_time), sum(overdue), sum(crossed), sum(moved)
from rollups
where grain = 2
group by dimension, bucket / 3, key, subkey;

-- Sums over integer are quick; a counter of one bucket never comes near two thousand million.
alter table rollups
    alter column received_direct type integer,
    alter column received_online type integer,
    alter column received_postal type integer,
    alter column early type integer,
    alter column on_time type integer,
    alter column overdue type integer,
    alter column crossed type integer,
    alter column moved type integer;

analyze rollups;
