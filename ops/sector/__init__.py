"""Sector, layout and settings files, read and checked, to an open sector."""
