"""The report of a period: what was detected, what was missed, and why."""
