"""History over HTTP: the picture as it was known then and as it is known now, and records through time."""
