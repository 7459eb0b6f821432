"""Interdiction: whether the response arrives before the crosser has left (EASI, probability of interruption)."""

from sensors.errors import InterdictionError
from sensors.interdiction.easi import probability_of_interruption
from sensors.interdiction.interception import (
    ResponseSettings,
    head_start,
    interruptions,
    most_vulnerable_crossing,
)

__all__ = [
    "InterdictionError",
    "ResponseSettings",
    "head_start",
    "interruptions",
    "most_vulnerable_crossing",
    "probability_of_interruption",
]
