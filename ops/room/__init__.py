"""The operations room: starts and supervises the services; demo, run, serve, record, replay."""
