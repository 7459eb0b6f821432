"""Interdiction: whether the response arrives before the crosser has left (EASI, probability of interruption)."""

from sensors.errors import InterdictionError
from sensors.interdiction.easi import probability_of_interruption
from sensors.interdiction.interception import (
    ResponseSettings,
    head_start,
    interruptions,
    most_vulnerable_crossing,
    time_to_go,
)
from sensors.interdiction.modelled_outcomes import at_crosser, modelled_outcomes

__all__ = [
    "InterdictionError",
    "ResponseSettings",
    "at_crosser",
    "head_start",
    "interruptions",
    "modelled_outcomes",
    "most_vulnerable_crossing",
    "probability_of_interruption",
    "time_to_go",
]
