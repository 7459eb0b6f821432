"""The runtime supervisor: starts and supervises the services; demo, run, serve, record, replay."""
