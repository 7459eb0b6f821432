"""Frozen terms of the measures: indicator, place, direction, owner and date as they were agreed, and each later change.

A target means what it did only while its indicator, direction and date stay the same. Terms are therefore frozen beside
the targets, and changed only by an amendment with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from geo.names import HIDDEN, ONE_LINE, expected_name
from ops.sector.toml_record import ConfigError, record_errors, record_from

FIELDS: Final = ("title", "owner", "due", "indicator", "place", "better")
"""Fields of a measure that can be frozen beside its target. ``title`` is the definition of what is to be done."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change of a frozen field of a measure: the day, both values as text, why, and the role."""

    measure: str
    field: str
    on: date
    before: str
    after: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class FrozenTerms:
    """The fields of each measure as text on the day on which they were frozen, and the amendments by day."""

    terms: Mapping[str, Mapping[str, str]]
    amendments: tuple[Amendment, ...] = ()

    def of(self, measure: str, day: date) -> dict[str, str]:
        """The frozen fields of a measure that applied on a day; empty for one that was added later."""
        found = dict(self.terms.get(measure, {}))
        for one in self.amendments:
            if one.measure == measure and one.on <= day and one.field in found:
                found[one.field] = one.after
        return found


def read_terms(terms: Mapping[str, Any], amendments: tuple[dict[str, Any], ...], where: str) -> FrozenTerms:
    """Read ``[thresholds.terms]`` and ``[[thresholds.amendment]]``; ConfigError for what cannot be one."""
    read: dict[str, dict[str, str]] = {}
    for measure, table in terms.items():
        here = f"{where}, terms of {measure}"
        if not isinstance(table, dict) or not table:
            raise ConfigError("is not a table with fields", where=here, expected=", ".join(FIELDS))
        for name, value in table.items():
            if name not in FIELDS:
                raise ConfigError(f"{name} cannot be frozen", where=here, expected=expected_name(name, FIELDS))
            if not isinstance(value, str | date):
                raise ConfigError(f"{name} = {str(value)[:60]!a}", where=here, expected="a text, or a date for due")
        due = str(table.get("due", "2000-01-01"))
        try:
            date.fromisoformat(due)
        except ValueError:
            raise ConfigError(f"due = {due[:60]!a}", where=here, expected="a date, such as 2026-06-30") from None
        read[measure] = {name: str(value) for name, value in table.items()}
    changes = []
    for number, table in enumerate(amendments, start=1):
        here = f"{where}, amendment {number}"
        plain = {name: str(value) if name in ("before", "after") else value for name, value in table.items()}
        for error in record_errors(Amendment, plain, where=here):
            raise error
        change = record_from(Amendment, plain, where=here)
        for text in (change.reason, change.by):
            if not text.strip() or HIDDEN.search(text):
                raise ConfigError(f"{text[:60]!a}", where=here, expected=f"a reason and a role, each {ONE_LINE}")
        changes.append(change)
    return FrozenTerms(read, tuple(sorted(changes, key=lambda one: one.on)))


def check_terms(frozen: FrozenTerms, frozen_on: date, stated: Mapping[str, Mapping[str, str]], where: str) -> None:
    """Raise ConfigError where the measures are not as they were frozen, with the amendments.

    ``stated``: the fields of each measure of the plan, as text.
    """
    current = {measure: dict(fields) for measure, fields in frozen.terms.items()}
    for change in frozen.amendments:
        here = f"{where}, amendment of {change.measure} on {change.on}"
        fields = current.get(change.measure)
        if fields is None or change.field not in fields:
            raise ConfigError("changes no frozen field", where=here, expected="a field of [thresholds.terms]")
        if change.on < frozen_on:
            raise ConfigError("is before the terms were frozen", where=here, expected=f"from {frozen_on}")
        if change.before != fields[change.field]:
            expected = f"before = {fields[change.field][:60]!a}"
            raise ConfigError(f"before = {change.before[:60]!a}", where=here, expected=expected)
        fields[change.field] = change.after
    for measure, fields in current.items():
        here = f"{where}, measure {measure!r}"
        if measure not in stated:
            raise ConfigError("has frozen terms, and is not in the plan", where=here, expected="the measure")
        for name, value in fields.items():
            if stated[measure].get(name, "") != value:
                what = f"{name} = {stated[measure].get(name, '')[:60]!a}"
                expected = f"{value[:60]!a}, or an amendment with its reason"
                raise ConfigError(what, where=here, expected=expected)


def terms_as_toml(frozen: FrozenTerms, written: Callable[[Any], str]) -> list[str]:
    """Return the lines of the file; ``written`` writes one value."""
    lines = []
    for measure, fields in frozen.terms.items():
        lines += ["", f"[thresholds.terms.{written(measure)}]"]
        lines += [f"{name} = {written(value)}" for name, value in fields.items()]
    for change in frozen.amendments:
        lines += ["", "[[thresholds.amendment]]"]
        lines += [f"{name} = {written(getattr(change, name))}" for name in Amendment.__slots__]
    return lines
