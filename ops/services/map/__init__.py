"""The map process: terrain tiles, coverage and viewshed layers, terrain profiles."""
