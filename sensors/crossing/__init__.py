"""Crossings under surveillance: detection rates along a path, and minimum-detection paths."""
