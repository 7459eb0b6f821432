"""The live picture: what its routes answer, and the newest events in memory for its streams."""
