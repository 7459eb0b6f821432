"""One file for each version of the tables, named for it."""
