"""Models: what the tracker assumes before the first scan, about sensors, motion, terrain and undetected targets."""
