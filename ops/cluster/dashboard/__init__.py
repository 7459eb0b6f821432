"""dask's own pages about a cluster, on this machine only."""
