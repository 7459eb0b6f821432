"""What every journal does, whatever database holds it, and journals in PostgreSQL."""
