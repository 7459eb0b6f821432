"""The adapter's side: a spool on disk, the send window, and the sender that empties it until ingest acknowledges."""
