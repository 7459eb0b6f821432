"""Layers of the map: coverage, viewsheds, sensors and response times."""
