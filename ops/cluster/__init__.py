"""Several sectors, on one machine or several: dask.distributed places them, and a lease decides who may write one."""
