"""Terrain: rasters of any number and kind opened as one Dataset in one frame, and what derives from its elevations."""

from geo.terrain.derived import aspect, bounds, cell_size, frame_of, gradient, north_up, sample, slope
from geo.terrain.open import TERRAIN, TerrainPlan, open_terrain, plan_terrain

__all__ = [
    "TERRAIN",
    "TerrainPlan",
    "aspect",
    "bounds",
    "cell_size",
    "frame_of",
    "gradient",
    "north_up",
    "open_terrain",
    "plan_terrain",
    "sample",
    "slope",
]
