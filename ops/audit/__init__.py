"""Accountability: the append-only log of who read, changed or erased which records, and for what purpose."""
