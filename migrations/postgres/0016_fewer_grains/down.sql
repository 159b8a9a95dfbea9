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

insert into rollups (
    dimension, grain, bucket, key, subkey, received_direct, received_online, received_postal,
    early, on_time, overdue, crossed, moved
)
select
    dimension, 3, bucket / 12, key, subkey, sum(received_direct), sum(received_online),
    sum(received_postal), sum(early), sum(on_time), sum(overdue), sum(crossed), sum(moved)
from rollups
where grain = 2
group by dimension, bucket / 12, key, subkey;

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
