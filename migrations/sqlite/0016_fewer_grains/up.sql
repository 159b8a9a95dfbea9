-- Roll-ups by day and by reporting month only: a year is twelve rows a key, summed in milliseconds. What
-- was kept by year (3), quarter (4), half year and nine months (5) goes; nothing is lost, it is in the months.
--
-- Nobody waits: readers see the rows as they were until this is committed. A third of the rows goes, some
-- hundred thousand of a million dossiers: seconds. Instances of the version before, which write nothing any
-- more and are not ready, would find too little if they were still asked for a report over a quarter or more:
-- take them away at once.
delete from rollups where grain in (3, 4, 5);
