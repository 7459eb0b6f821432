"""Who holds each sector, under which number: leases in a file or in PostgreSQL, and what they refuse."""
