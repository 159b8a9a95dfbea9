-- Roll-ups of the half years and nine months that reports ask for: such a report reads one bucket.
-- Quarters are numbered so that four of them make a reporting year; first quarters and whole years
-- have their buckets already.
insert into rollups (
    dimension, grain, bucket, key, subkey, received_direct, received_online, received_postal,
    early, on_time, overdue, crossed, moved
)
select
    dimension, 5, to_quarter, key, subkey, sum(received_direct), sum(received_online),
    sum(received_postal), sum(early), sum(on_time), sum(overdue), sum(crossed), sum(moved)
from rollups
join (
    select distinct bucket / 4 * 4 + ends.quarter as to_quarter
    from rollups
    cross join (select 1 as quarter union all select 2) as ends
    where grain = 4
) as periods
    on bucket between to_quarter / 4 * 4 and to_quarter
where grain = 4
group by dimension, to_quarter, key, subkey;
