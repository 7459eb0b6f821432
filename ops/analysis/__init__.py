"""Analysis commands and their reports."""
