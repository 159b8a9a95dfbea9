delete from rollups where grain = 5;
