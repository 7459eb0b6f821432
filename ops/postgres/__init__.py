"""A store in PostgreSQL: address, connections, sentences for errors, and the versions of its tables."""
