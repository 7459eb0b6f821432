"""Coverage: what the sensors of a layout detect of the ground, by cell and by border segment."""

from sensors.coverage.model import coverage, coverage_rasters, look_probability
from sensors.coverage.sight import CURVATURE_K, TARGET_HEIGHTS_M
from sensors.coverage.weather_mixture import over_weather

__all__ = [
    "CURVATURE_K",
    "TARGET_HEIGHTS_M",
    "coverage",
    "coverage_rasters",
    "look_probability",
    "over_weather",
]
