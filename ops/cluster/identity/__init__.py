"""One identity for a target across the edges of sectors: which tracks of neighbouring sectors are one target."""
