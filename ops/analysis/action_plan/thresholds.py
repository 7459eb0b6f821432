"""Frozen acceptance thresholds: targets and terms as they were agreed, and each later change with its reason.

A target that differs from its frozen value without an entry in the change log is refused, so that a plan cannot be met
by a quiet change of its targets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from geo.names import HIDDEN, ONE_LINE, expected_name
from ops.analysis.action_plan.frozen_terms import FrozenTerms, read_terms, terms_as_toml
from ops.sector.toml_record import ConfigError, record_errors, record_from


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """One change of a target, [unit of the indicator]: the measure, the day, both values, why, and the role."""

    measure: str
    on: date
    before: float
    after: float
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class FrozenThresholds:
    """The targets of the measures on the day on which they were frozen, and the changes since, by day.

    ``terms``: the other fields that were frozen on that day, with their amendments.
    """

    frozen_on: date
    targets: Mapping[str, float]
    changes: tuple[ThresholdChange, ...] = ()
    terms: FrozenTerms = field(default_factory=lambda: FrozenTerms({}))

    def of(self, measure: str, day: date) -> float | None:
        """The target of a measure that applies on a day; None for a measure that was added later."""
        target = self.targets.get(measure)
        for change in self.changes:
            if change.measure == measure and change.on <= day:
                target = change.after
        return target

    def until(self, day: date) -> FrozenThresholds:
        """The same targets with only the changes up to a day."""
        amendments = tuple(one for one in self.terms.amendments if one.on <= day)
        terms = replace(self.terms, amendments=amendments)
        return replace(self, changes=tuple(one for one in self.changes if one.on <= day), terms=terms)


@dataclass(frozen=True, slots=True)
class _Table:
    frozen_on: date
    targets: dict[str, Any]
    change: tuple[dict[str, Any], ...] = ()
    terms: dict[str, Any] = field(default_factory=dict)
    amendment: tuple[dict[str, Any], ...] = ()


def read_thresholds(table: Mapping[str, Any], where: str) -> FrozenThresholds:
    """Read ``[thresholds]`` of a plan; ConfigError for unknown keys, wrong types and changes without a reason."""
    where = f"{where}, thresholds"
    for error in record_errors(_Table, table, where=where):
        raise error
    read = record_from(_Table, table, where=where)
    targets = {name: _number(target, name, where) for name, target in read.targets.items()}
    changes = []
    for number, one in enumerate(read.change, start=1):
        here = f"{where}, change {number}"
        for error in record_errors(ThresholdChange, one, where=here):
            raise error
        change = record_from(ThresholdChange, one, where=here)
        for name in ("before", "after"):
            _number(getattr(change, name), name, here)
        for text in (change.reason, change.by):
            if not text.strip() or HIDDEN.search(text):
                raise ConfigError(f"{text[:60]!a}", where=here, expected=f"a reason and a role, each {ONE_LINE}")
        changes.append(change)
    terms = read_terms(read.terms, read.amendment, where)
    return FrozenThresholds(read.frozen_on, targets, tuple(sorted(changes, key=lambda one: one.on)), terms)


def _number(value: Any, name: str, where: str) -> float:
    """A finite number; ConfigError for anything else."""
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, (int, float)) else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ConfigError(f"{name} = {str(value)[:60]!a}", where=where, expected="a finite number")
    return number


def check_thresholds(frozen: FrozenThresholds, stated: Mapping[str, float | None], where: str) -> None:
    """Raise ConfigError where the targets of the measures are not the frozen ones with their changes.

    Parameters
    ----------
    frozen : FrozenThresholds
        The frozen targets and the change log.
    stated : mapping of str to float
        The target of each measure that has an indicator, by its identifier. A measure that was added after the
        targets were frozen needs no entry.
    where : str
        The file.
    """
    current = dict(frozen.targets)
    for change in frozen.changes:
        here = f"{where}, change of {change.measure} on {change.on}"
        if change.measure not in current:
            raise ConfigError("changes no frozen target", where=here, expected=expected_name(change.measure, current))
        if change.on < frozen.frozen_on:
            raise ConfigError("is before the targets were frozen", where=here, expected=f"from {frozen.frozen_on}")
        if change.before != current[change.measure]:
            expected = f"before = {current[change.measure]:g}"
            raise ConfigError(f"before = {change.before:g}", where=here, expected=expected)
        current[change.measure] = change.after
    for name, target in current.items():
        here = f"{where}, measure {name!r}"
        if name not in stated:
            raise ConfigError("has a frozen target, and is not in the plan", where=here, expected="the measure")
        if stated[name] != target:
            what = f"target = {stated[name]:g}" if stated[name] is not None else "no target"
            raise ConfigError(what, where=here, expected=f"{target:g}, or a change with its reason in the change log")


def thresholds_as_toml(frozen: FrozenThresholds, written: Callable[[Any], str]) -> list[str]:
    """Return the lines of the file; ``written`` writes one value."""
    lines = ["", "[thresholds]", f"frozen_on = {frozen.frozen_on}", "", "[thresholds.targets]"]
    lines += [f"{written(name)} = {written(target)}" for name, target in frozen.targets.items()]
    for change in frozen.changes:
        lines += ["", "[[thresholds.change]]"]
        lines += [f"{name} = {written(getattr(change, name))}" for name in ThresholdChange.__slots__]
    return lines + terms_as_toml(frozen.terms, written)
