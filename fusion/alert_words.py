"""How urgent an alert is, and the sentence that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, hypot, pi

from fusion.alert_state import PRIORITIES
from fusion.picture import Evidence
from sensors.scan import CLASSES

NOUNS = {"person": "Walker-like", "group": "Group-like", "vehicle": "Vehicle-like", "animal": "Animal-like"}
COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
STANDING_MPS = 0.2  # slower than this a heading says nothing


@dataclass(frozen=True, slots=True)
class Sighting:
    """One track as an alert states it; metres, m/s, grid north."""

    track: str
    observed_ns: int
    easting: float
    northing: float
    easting_rate: float
    northing_rate: float
    offset_m: float
    segment: int
    chainage_m: float
    direction: int
    time_to_border_s: float | None
    existence: float
    class_probability: tuple[float, ...]
    evidence: tuple[Evidence, ...]

    def most_likely(self) -> tuple[str, float]:
        """The likeliest class and its probability."""
        best = max(range(len(CLASSES)), key=lambda i: self.class_probability[i])
        return CLASSES[best], self.class_probability[best]


def priority_of(rule: str, sighting: Sighting, *, animal_probability: float, urgent_s: float) -> str:
    """Priority of a crossing or an approach from class × direction × time left.

    Toward home a crossing is high and an approach within ``urgent_s`` medium; outward a crossing is medium; other
    approaches are low. What is an animal with at least ``animal_probability`` is low.
    """
    if sighting.class_probability[CLASSES.index("animal")] >= animal_probability:
        return "low"
    home = sighting.direction > 0
    if rule == "crossing":
        return "high" if home else "medium"
    soon = sighting.time_to_border_s is not None and sighting.time_to_border_s <= urgent_s
    return "medium" if home and soon else "low"


def higher(first: str, second: str) -> str:
    """The more urgent of two priorities."""
    return PRIORITIES[min(PRIORITIES.index(first), PRIORITIES.index(second))]


def crossing_sentence(sighting: Sighting, *, naming_probability: float) -> str:
    """The sentence of a crossing: who, which way, where, how fast, how sure, seen by whom."""
    return f"{_who(sighting, naming_probability)} crossed the border {_heading(sighting)}, {_end(sighting)}"


def approach_sentence(sighting: Sighting, *, naming_probability: float) -> str:
    """The sentence of an approach: as a crossing's, with the distance to the line and the time left."""
    left = sighting.time_to_border_s
    away = f"{abs(sighting.offset_m):.0f} m" + ("" if left is None else f" and {duration(left)}") + " away"
    who = _who(sighting, naming_probability)
    return f"{who} approaches the border {_heading(sighting)}, {away}, {_end(sighting)}"


def silent_sentence(sensor: str, since: str) -> str:
    """The sentence of a sensor's silence, which says what that means."""
    return f"Sensor {sensor} has been silent since {since}: what it watched is unwatched by it."


def duration(seconds: float) -> str:
    """``45 s``, ``3 min 5 s``."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")


def _who(sighting: Sighting, naming_probability: float) -> str:
    label, probability = sighting.most_likely()
    noun = NOUNS.get(label, "Unclassified") if probability >= naming_probability else "Unclassified"
    return f"{noun} track {sighting.track}"


def _heading(sighting: Sighting) -> str:
    side = "toward home" if sighting.direction > 0 else "outward"
    if hypot(sighting.easting_rate, sighting.northing_rate) < STANDING_MPS:
        return side
    turn = atan2(sighting.easting_rate, sighting.northing_rate) / (2 * pi)
    return f"{COMPASS[round(turn * 8) % 8]}bound, {side}"


def _end(sighting: Sighting) -> str:
    speed = hypot(sighting.easting_rate, sighting.northing_rate)
    certain = "more than 99 %" if sighting.existence > 0.99 else f"{sighting.existence * 100:.0f} %"
    place = f"at segment {sighting.segment} (km {sighting.chainage_m / 1000:.1f})"
    return f"{place}, moving {speed:.1f} m/s, {certain} certain to exist{_seen_by(sighting.evidence)}."


def _seen_by(evidence: Sequence[Evidence]) -> str:
    sensors = list(dict.fromkeys(sensor for sensor, _, _ in evidence))
    return f"; seen by {', '.join(sensors)}" if sensors else ""
