"""Where a fusion store is: an SQLite file, or a sector of a database in PostgreSQL. The same statements run in both."""
