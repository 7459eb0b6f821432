"""Looking back over HTTP: the picture as known then, what is known now, and records through time."""
