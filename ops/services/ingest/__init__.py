"""The ingest process: subscribes, journals, acknowledges."""
