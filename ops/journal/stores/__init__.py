"""The rules that all journals share, whatever database holds them, and journals in PostgreSQL."""
