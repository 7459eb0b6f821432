"""`watchline sector` and `watchline catalogue`: creates, checks and previews a sector, and shows equipment."""
