"""Shared process infrastructure: processes, files, the clock, compiled kernels, output of commands."""
