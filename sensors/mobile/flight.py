"""Flights of plans and of the simulator."""

from typing import Final

FLIGHT_RESERVE: Final = 0.2
"""Fraction of the endurance that a flight keeps as reserve (assumption)."""
