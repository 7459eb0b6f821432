"""Requirements set before the result was known, and every change made to them since."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from geo.errors import BadInput
from geo.names import expected_name
from geo.text_files import NotReadable, read_text

MEASURES: Final[Mapping[str, bool]] = {
    "mean_detection": True,
    "least_detection": True,
    "mean_interruption": True,
    "least_interruption": True,
    "assessed_fraction": True,
    "meets_requirement_km": True,
    "first_cost": False,
    "life_cycle_cost": False,
    "crew": False,
}
"""The measures that a threshold may apply to, and whether higher is better."""
RENAMED: Final[Mapping[str, str]] = {"attended": "assessed_fraction", "guarded_km": "meets_requirement_km"}
"""Measures by the names that they had before 1.0."""
KEYS: Final = ("name", "measure", "value", "set_on", "set_by", "why", "change")
CHANGE_KEYS: Final = ("value", "on", "by", "why")


class ThresholdError(BadInput):
    """A file of thresholds that cannot be used."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a threshold, with who set it, when and why."""

    value: float
    on: date
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A requirement: met where the measure reaches it or, for costs and crew, does not exceed it.

    ``log`` begins with the initial value; its last entry is the one in force.
    """

    name: str
    measure: str
    log: tuple[Change, ...]

    @property
    def value(self) -> float:
        return self.log[-1].value

    @property
    def first(self) -> float:
        return self.log[0].value

    @property
    def weakened(self) -> bool:
        """Whether it is easier to meet than when it was first set."""
        return self.value < self.first if MEASURES[self.measure] else self.value > self.first

    def met_by(self, achieved: Any, *, value: float | None = None) -> Any:
        """Return whether figures meet it, elementwise; ``value`` overrides the value in force."""
        wanted = self.value if value is None else value
        return achieved >= wanted if MEASURES[self.measure] else achieved <= wanted


def read_thresholds(path: Path | None) -> list[Threshold]:
    """Read thresholds from a TOML file of ``[[threshold]]`` tables; none without a file.

    Each has name, measure, value, set_on, set_by, why, and any number of ``[[threshold.change]]`` with value, on, by
    and why, in order of date. Raises ThresholdError naming threshold and key.
    """
    if path is None:
        return []
    try:
        table = tomllib.loads(read_text(path))
    except OSError as error:
        raise ThresholdError(
            f"cannot be read ({error.strerror})", where=path.name, expected="thresholds in TOML"
        ) from None
    except NotReadable as error:
        raise ThresholdError(str(error), where=path.name, expected="thresholds in TOML") from None
    except (ValueError, RecursionError) as error:
        raise ThresholdError(f"is not TOML ({error})", where=path.name, expected="thresholds in TOML") from None
    if set(table) != {"threshold"} or not isinstance(table["threshold"], list) or not table["threshold"]:
        raise ThresholdError(
            "has other content", where=path.name, expected="one or more [[threshold]] tables and nothing else"
        )
    thresholds = [_threshold(one, f"threshold {number}") for number, one in enumerate(table["threshold"], start=1)]
    names = [one.name for one in thresholds]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ThresholdError(f"{twice[0]!r} twice", where=path.name, expected="a unique name for each threshold")
    return thresholds


def _threshold(given: Any, where: str) -> Threshold:
    _keys(given, KEYS, where, optional=("change",))
    name = _text(given["name"], f"{where}, name")
    where = f"threshold {name!r}"
    if given["measure"] in RENAMED:
        raise ThresholdError(
            f"measure {given['measure']!r} was renamed", where=where, expected=f"{RENAMED[given['measure']]!r}"
        )
    if given["measure"] not in MEASURES:
        raise ThresholdError(
            f"measure is {given['measure']!r}",
            where=where,
            expected=expected_name(str(given["measure"]), MEASURES, RENAMED),
        )
    log = [
        Change(
            _value(given["value"], where),
            _date(given["set_on"], f"{where}, set_on"),
            _text(given["set_by"], f"{where}, set_by"),
            _text(given["why"], f"{where}, why"),
        )
    ]
    changes = given.get("change", [])
    if not isinstance(changes, list):
        raise ThresholdError("change is not a list", where=where, expected="[[threshold.change]] tables")
    for number, one in enumerate(changes, start=1):
        location = f"{where}, change {number}"
        _keys(one, CHANGE_KEYS, location)
        change = Change(
            _value(one["value"], location),
            _date(one["on"], location),
            _text(one["by"], location),
            _text(one["why"], location),
        )
        if change.on < log[-1].on:
            raise ThresholdError(f"is dated {change.on}", where=location, expected=f"{log[-1].on} or later")
        log.append(change)
    return Threshold(name, given["measure"], tuple(log))


def _keys(given: Any, known: tuple[str, ...], where: str, optional: tuple[str, ...] = ()) -> None:
    if not isinstance(given, dict):
        raise ThresholdError("is not a table", where=where, expected=", ".join(known))
    for key in given:
        if key not in known:
            raise ThresholdError(f"unknown key {key!r}", where=where, expected=expected_name(key, known))
    for key in known:
        if key not in given and key not in optional:
            raise ThresholdError(f"{key} is missing", where=where, expected=", ".join(known))


def _value(given: Any, where: str) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0.0 <= given < 1e15:
        raise ThresholdError(f"value is {given!r}", where=where, expected="a number of at least 0")
    return float(given)


def _date(given: Any, where: str) -> date:
    if not isinstance(given, date) or isinstance(given, datetime):
        raise ThresholdError(f"{given!r}", where=where, expected="a date without quotes, such as 2026-01-31")
    return given


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ThresholdError(f"{given!r}", where=where, expected="text")
    return given.strip()
