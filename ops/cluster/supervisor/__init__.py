"""The supervisor of a cluster: dask's scheduler, where sectors run, and the watch over their leases."""
