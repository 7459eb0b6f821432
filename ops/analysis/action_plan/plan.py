"""A National Action Plan as a file: objectives, and measures with an owner, a date and an indicator or a completion."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from geo.names import HIDDEN, ONE_LINE
from ops.analysis.action_plan.frozen_terms import FIELDS, FrozenTerms, check_terms
from ops.analysis.action_plan.thresholds import (
    FrozenThresholds,
    check_thresholds,
    read_thresholds,
    thresholds_as_toml,
)
from ops.analysis.indicators.catalogue import definitions
from ops.sector.toml_record import ConfigError, read_toml, record_errors, record_from

Better = Literal["higher", "lower"]
FileTable = TypeVar("FileTable")
LONGEST: Final = 500
"""Characters of a text."""
YEAR_DAYS: Final = 365
"""Interval of reviews where the plan states none."""
LONGEST_INTERVAL: Final = 3_650
LATEST: Final = date.max - timedelta(days=LONGEST_INTERVAL)
"""Last day of an adoption or review: the calendar expresses the next review after any interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure of a plan.

    Parameters
    ----------
    id : str
        Identifier, unique in the plan, such as ``A1``.
    title : str
        What is to be done.
    owner : str
        The role that answers for it, not a person.
    due : date
        Last day on which it may be met.
    indicator : str
        Indicator that measures it: an identifier of `watchline indicators list`, or the name that a table of indicators
        gives. Without one, the measure is met when it is ``done``.
    place : str
        Place of the indicator; it may be left out where the scorecard has the indicator for one place only.
    target : float, optional
        Value to reach, in the unit of the indicator.
    better : "higher" or "lower", optional
        Direction of improvement; the catalogue states it for its indicators.
    done : date, optional
        Day on which a measure without an indicator was completed.
    evidence : str
        Where the completion is recorded, such as the number of a letter.
    review_days : int, optional, days
        Interval at which the measure is reviewed; without one, that of the plan.
    """

    id: str
    title: str
    owner: str
    due: date
    indicator: str = ""
    place: str = ""
    target: float | None = None
    better: Better | None = None
    done: date | None = None
    evidence: str = ""
    review_days: int | None = None

    def __post_init__(self) -> None:
        where = f"measure {self.id!r}"
        for name in ("id", "title", "owner", "indicator", "place", "evidence"):
            _check_text(getattr(self, name), name, where, needed=name in ("id", "title", "owner"))
        _check_interval(self.review_days, where)
        if any(isinstance(one, datetime) for one in (self.due, self.done)):
            raise ConfigError("due or done has a time of day", where=where, expected="a date, such as 2026-06-30")
        if not self.indicator:
            if self.target is not None or self.place or self.better is not None:
                raise ConfigError("target without indicator", where=where, expected="the indicator that measures it")
            if (self.done is None) != (not self.evidence):
                expected = "both or neither: a completion needs its record"
                raise ConfigError("done without evidence, or evidence without done", where=where, expected=expected)
            return
        if self.done is not None or self.evidence:
            raise ConfigError("done beside indicator", where=where, expected="no done and no evidence beside it")
        if self.target is None or not math.isfinite(self.target):
            raise ConfigError("target is missing", where=where, expected="the value to reach")
        stated = definitions()[self.indicator].better if self.indicator in definitions() else None
        if stated is not None and self.better not in (None, stated):
            expected = f"{stated}, by the definition of {self.indicator}"
            raise ConfigError(f"better = {self.better!r}", where=where, expected=expected)
        if stated is None and self.better is None:
            expected = f"higher or lower, as the catalogue states no direction of {self.indicator[:60]!r}"
            raise ConfigError("better is missing", where=where, expected=expected)

    @property
    def direction(self) -> Better | None:
        """Direction of improvement: that of the catalogue, else the stated one."""
        stated = definitions()[self.indicator].better if self.indicator in definitions() else None
        return stated or self.better


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective and its measures."""

    id: str
    title: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """A plan: its title, the day of its adoption, and the document that it is taken from.

    ``illustrative``: it is made up, for an exercise. ``review_days``: interval of reviews where a measure states none.
    ``reviewed``: the days on which the plan was reviewed. ``thresholds``: the frozen targets, None before that.
    """

    title: str
    adopted: date
    source: str
    objectives: tuple[Objective, ...]
    illustrative: bool = False
    review_days: int = YEAR_DAYS
    reviewed: tuple[date, ...] = ()
    thresholds: FrozenThresholds | None = None

    def measures(self) -> Iterator[tuple[Objective, Measure]]:
        """Iterate over the measures with their objectives."""
        return ((objective, measure) for objective in self.objectives for measure in objective.measures)

    def as_of(self, day: date) -> ActionPlan:
        """Return the plan with the frozen targets and terms of a day, and only the changes up to that day."""
        frozen = self.thresholds
        if frozen is None:
            return self

        def on_day(measure: Measure) -> Measure:
            target, terms = frozen.of(measure.id, day), dict[str, Any](frozen.terms.of(measure.id, day))
            if "due" in terms:
                terms["due"] = date.fromisoformat(terms["due"])
            if "better" in terms:
                terms["better"] = terms["better"] or None
            if terms.get("indicator") == "":  # a completion on that day
                return replace(measure, **terms | {"target": None, "place": "", "better": None})
            return replace(measure, **({} if target is None else {"target": target}) | terms)

        objectives = tuple(replace(one, measures=tuple(map(on_day, one.measures))) for one in self.objectives)
        return replace(self, objectives=objectives, thresholds=frozen.until(day))


@dataclass(frozen=True, slots=True)
class _Head:
    title: str
    adopted: date
    source: str
    illustrative: bool = False
    review_days: int = YEAR_DAYS
    reviewed: tuple[date, ...] = ()
    thresholds: dict[str, Any] | None = None
    objective: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class _ObjectiveTable:
    id: str
    title: str
    measure: tuple[dict[str, Any], ...] = ()


def read_plan(path: Path) -> ActionPlan:
    """Read the file of a plan.

    Parameters
    ----------
    path : Path
        TOML with ``title``, ``adopted``, ``source``, and ``[[objective]]`` with ``[[objective.measure]]``; optionally
        ``review_days``, ``reviewed`` and ``[thresholds]``.

    Returns
    -------
    ActionPlan
        The plan.

    Raises
    ------
    ConfigError
        For unknown keys, wrong types, identifiers that occur twice, measures that cannot be judged, and targets that
        are not the frozen ones with their changes; it names the first error.
    """
    where = str(path)
    head = _record(_Head, read_toml(path), where)
    for name in ("title", "source"):
        _check_text(getattr(head, name), name, where, needed=True)
    objectives = []
    for number, table in enumerate(head.objective, start=1):
        place = f"{where}, objective {number}"
        objective = _record(_ObjectiveTable, table, place)
        measures = [
            _record(Measure, each, f"{place}, measure {count}") for count, each in enumerate(objective.measure, start=1)
        ]
        objectives.append(Objective(objective.id, objective.title, tuple(measures)))
    for error in _plan_errors(objectives, where):
        raise error
    _check_interval(head.review_days, where)
    early = [day for day in head.reviewed if isinstance(day, datetime) or day < head.adopted]
    if early:
        raise ConfigError(f"reviewed on {early[0]}", where=where, expected=f"days from {head.adopted}")
    latest = max([head.adopted, *head.reviewed])
    if latest > LATEST:
        raise ConfigError(f"adopted or reviewed on {latest}", where=where, expected=f"days up to {LATEST}")
    thresholds = None if head.thresholds is None else read_thresholds(head.thresholds, where)
    plan = ActionPlan(
        head.title, head.adopted, head.source, tuple(objectives), head.illustrative, head.review_days,
        tuple(sorted(head.reviewed)), thresholds,
    )  # fmt: skip
    if thresholds is not None:
        check_thresholds(thresholds, {one.id: one.target for _, one in plan.measures() if one.indicator}, where)
        stated = {one.id: _terms(one) for _, one in plan.measures()}
        check_terms(thresholds.terms, thresholds.frozen_on, stated, where)
    return plan


def _terms(measure: Measure) -> dict[str, str]:
    """The fields of a measure that can be frozen, as text; empty where they are not set."""
    return {name: str(getattr(measure, name) or "") for name in FIELDS}


def _record(kind: type[FileTable], table: Mapping[str, Any], where: str) -> FileTable:
    """Read one table; raise its first error, as no command lists them all."""
    for error in record_errors(kind, table, where=where):
        raise error
    return record_from(kind, table, where=where)


def _plan_errors(objectives: Iterable[Objective], where: str) -> Iterator[ConfigError]:
    every = list(objectives)
    for one in every:
        for name in ("id", "title"):
            try:
                _check_text(getattr(one, name), name, f"{where}, objective {one.id!r}", needed=True)
            except ConfigError as error:
                yield error
    for name, counts in (
        ("objective", Counter(one.id for one in every)),
        ("measure", Counter(measure.id for one in every for measure in one.measures)),
    ):
        for identity, count in counts.items():
            if count > 1:
                expected = "an id of its own for each"
                yield ConfigError(f"the id {identity!r} of {count} {name}s", where=where, expected=expected)
    if not any(one.measures for one in every):
        yield ConfigError("has no measures", where=where, expected="[[objective]] with [[objective.measure]]")


def _check_interval(days: int | None, where: str) -> None:
    if days is not None and not 1 <= days <= LONGEST_INTERVAL:
        raise ConfigError(f"review_days = {days}", where=where, expected=f"1 to {LONGEST_INTERVAL} days")


def _check_text(text: str, name: str, where: str, *, needed: bool) -> None:
    if HIDDEN.search(text) or len(text) > LONGEST:
        raise ConfigError(f"{name} = {text[:60]!a}", where=where, expected=f"{ONE_LINE}, up to {LONGEST} characters")
    if needed and not text.strip():
        raise ConfigError(f"{name} is empty", where=where, expected="a text")


def frozen(plan: ActionPlan) -> ActionPlan:
    """Return a plan whose targets and terms are frozen on the day of its adoption, with an empty change log."""
    measures = [measure for _, measure in plan.measures()]
    targets = {one.id: one.target for one in measures if one.target is not None}
    terms = {one.id: _terms(one) for one in measures}
    return replace(plan, thresholds=FrozenThresholds(plan.adopted, targets, (), FrozenTerms(terms)))


def plan_as_toml(plan: ActionPlan) -> str:
    """Return a plan as the text of its file; ``read_plan`` reads the same plan from it."""
    lines = [
        f"title = {_toml(plan.title)}",
        f"adopted = {plan.adopted.isoformat()}",
        f"source = {_toml(plan.source)}",
        *(["illustrative = true"] if plan.illustrative else []),
        *([f"review_days = {plan.review_days}"] if plan.review_days != YEAR_DAYS else []),
        *([f"reviewed = [{', '.join(map(str, plan.reviewed))}]"] if plan.reviewed else []),
    ]
    if plan.thresholds is not None:
        lines += thresholds_as_toml(plan.thresholds, _toml)
    for objective in plan.objectives:
        lines += ["", "[[objective]]", f"id = {_toml(objective.id)}", f"title = {_toml(objective.title)}"]
        for measure in objective.measures:
            lines += ["", "[[objective.measure]]", *(f"{key} = {value}" for key, value in _keys(measure).items())]
    return "\n".join(lines) + "\n"


def _keys(measure: Measure) -> Mapping[str, str]:
    values: dict[str, Any] = {
        name: getattr(measure, name)
        for name in (
            "id",
            "title",
            "owner",
            "indicator",
            "place",
            "target",
            "better",
            "due",
            "done",
            "evidence",
            "review_days",
        )
    }
    return {name: _toml(value) for name, value in values.items() if value not in (None, "")}


def _toml(value: str | float | date) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(f"\\u{ord(one):04x}" if ord(one) in (*range(32), 127) else one for one in quoted) + '"'
    return repr(value) if isinstance(value, int) else repr(float(value))
