"""The supervisor of a cluster starts dask's scheduler, places sectors on workers, and watches their leases."""
