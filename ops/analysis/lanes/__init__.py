"""Trusted lanes at a crossing point, as a what-if: waiting time, checks saved and yield by queue models."""
