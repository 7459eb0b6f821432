"""What runs on a worker of dask: the task of a sector, and the set-up of its process."""
