"""Batch work in parts: where it is executed, chains of parts that are continued, and marks of finished parts."""
