"""A store in PostgreSQL: its address, its errors as sentences, and its schema by version."""
