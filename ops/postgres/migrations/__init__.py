"""Migrations of a store in PostgreSQL."""
