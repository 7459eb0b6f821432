"""Figures and closed words of a challenge as texts of the language in which the command speaks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from geo.message import Message
from ops.runtime.output import catalogue, say
from sensors.statistics.statistic import Statistic


def limit(name: str, **parameters: Any) -> Message:
    """The message of a limitation."""
    return Message(f"challenge-limit-{name}", parameters)


def path_name(kind: str) -> Message:
    """The name of a path of ``sensors.interdiction.interception.WAYS``."""
    return Message("challenge-path", {"kind": snake(kind)})


def score_name(score: str) -> Message:
    """The name of a score."""
    return Message("challenge-score", {"score": score})


def of_segment(segment: int) -> Message:
    """A segment, as what a number belongs to."""
    return Message("challenge-of-segment", {"number": str(segment)})


def snake(name: str) -> str:
    """A name as an identifier."""
    return name.replace(" ", "_")


def minutes(seconds: float) -> str:
    """Write a duration in minutes."""
    if math.isinf(seconds):
        return say("challenge-never")
    return _known("minutes", seconds / 60.0)


def number(value: float, required: float = 1.0) -> str:
    """Write a fraction or probability with two decimals, more where they would read 0, 1 or ``required``."""
    if math.isnan(value):
        return say("challenge-unknown")
    limits = {0.0, 1.0, required} - {value}
    digits = next((digits for digits in range(2, 6) if round(value, digits) not in limits), 6)
    return catalogue().formats.number(value, digits)


def footprints(k: float, at_most: float) -> str:
    """Write a barrier resilience: k, or both bounds where ``at_most`` is higher."""
    if at_most > k:
        return say("challenge-value-count-bounds", low=k, high=at_most)
    return say("challenge-value-count", value=k)


def metres(value: float) -> str:
    """Write a length in metres."""
    return _known("metres", value)


def kilometres(value_m: float) -> str:
    """Write a length in kilometres."""
    return _known("km", value_m / 1000.0)


def span(low: float, high: float) -> str:
    """Write two probabilities as a range, unknown ones once."""
    if math.isnan(high):
        return number(high)
    return f"{number(low)}–{number(high)}"


def path_detection(p_detect: float, low: float | None = None, unknown_m: float = 0.0) -> str:
    """Write Pd on a path, from ``low``; of a path over ground of unknown sight as a lower bound."""
    if unknown_m > 0.0 and not math.isnan(p_detect):
        return say("challenge-value-at-least", value=number(p_detect if low is None else min(low, p_detect)))
    return number(p_detect) if low is None else span(low, p_detect)


def chainage(start_m: float, end_m: float) -> str:
    """Write a range of chainage."""
    return say("map-km-range", start=start_m / 1000.0, end=end_m / 1000.0)


def _known(form: str, value: float) -> str:
    return say("challenge-unknown") if math.isnan(value) else say(f"challenge-value-{form}", value=value)


def said(records: list[Statistic], say: Callable[[Message], str]) -> list[Statistic]:
    """The records in one language; a message that many share is made once."""
    once = said_once(say)
    return [record.said(once) for record in records]


def said_once(say: Callable[[Message], str]) -> Callable[[Message], str]:
    """``say``, which makes each sentence once: records share most of theirs."""
    known: dict[tuple[str, str], str] = {}

    def once(message: Message) -> str:
        key = message.id, repr(message.parameters)
        if key not in known:
            known[key] = say(message)
        return known[key]

    return once
