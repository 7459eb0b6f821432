"""Interdiction: whether the response arrives before the crosser is gone (EASI, probability of interruption)."""

from sensors.errors import InterdictionError
from sensors.interdiction.easi import probability_of_interruption

__all__ = [
    "InterdictionError",
    "probability_of_interruption",
]
