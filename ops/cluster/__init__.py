"""Several sectors on one machine: dask.distributed places them, and a lease decides which process may write one."""
