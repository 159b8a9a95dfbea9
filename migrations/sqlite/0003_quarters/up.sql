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
