"""Leases state who holds each sector, under which number; they are in a file or in PostgreSQL."""
