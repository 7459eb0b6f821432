"""Shared process infrastructure: child processes, the clock, compiled kernels, output files."""
