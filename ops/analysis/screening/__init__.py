"""Screening rules on made-up movements at crossing points: hits with reasons, hit rates, and counts by group."""
