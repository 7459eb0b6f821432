"""Layouts of a sector: read from their files with defaults stated, and the links of their sensors."""
