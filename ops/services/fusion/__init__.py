"""The fusion process: reads the journal, tracks, raises alerts, commits to the store."""
