delete from rollups where grain = 4;
