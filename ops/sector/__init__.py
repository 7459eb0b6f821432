"""Sectors: reads and checks sector, layout and settings files, and opens a sector."""
