"""Patterns in the audit log that are rarer than chance explains, each with its formula and its false-alarm budget."""
