"""The continuous scales of figures, by what they show. matplotlib has their colours; no other file names one.

Each is perceptually uniform and readable with the common kinds of colour blindness, by lightness alone.
"""

from __future__ import annotations

from typing import Final

PROBABILITY: Final = "viridis"
"""A probability of detection or interruption, from dark to light (van der Walt and Smith, 2015)."""
MEASURE: Final = "cividis"
"""A measure of the ground, or a rank (Nuñez, Anderton and Renslow, 2018)."""
DURATION: Final = "viridis_r"
"""A time, from light (fast) to dark (slow)."""
MARGIN: Final = "PuOr"
"""A value above or below zero: orange below, purple above, almost white at zero (Harrower and Brewer, 2003)."""
RELIEF: Final = "gray"
"""Light on the ground."""
