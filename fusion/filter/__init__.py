"""Filter: the state of all tracks, and how a detection or a miss updates it."""
