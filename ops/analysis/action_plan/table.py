"""A plan from a table, one row per measure, as authorities keep it: CSV, JSON, XLSX or GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from geo.errors import BadInput
from geo.names import HIDDEN, ONE_LINE, expected_name, readable
from ops.analysis.action_plan.plan import LONGEST, ActionPlan, Measure, Objective
from ops.analysis.indicators.records import RefusedRow, day_of, number_of
from ops.analysis.indicators.tables import IndicatorError, is_empty, read_rows

REQUIRED: Final = ("objective", "measure", "title", "owner", "due")
OPTIONAL: Final = ("objective_title", "indicator", "place", "target", "better", "done", "evidence")


@dataclass(frozen=True, slots=True)
class PlanHead:
    """What a table of measures does not state: title, day of adoption, document, and whether it is made up."""

    title: str
    adopted: date
    source: str
    illustrative: bool = False


def plan_of_table(path: Path, head: PlanHead) -> tuple[ActionPlan, list[RefusedRow]]:
    """Read a table of measures without stopping at its first error.

    Parameters
    ----------
    path : Path
        Table with the columns REQUIRED and OPTIONAL; ``objective`` and ``measure`` are identifiers.
    head : PlanHead
        What the table does not state.

    Returns
    -------
    plan : ActionPlan
        The measures that can be read; the plan is complete only without refusals.
    refusals : list of RefusedRow
        Rows that are not a measure, identifiers that occur twice, and objectives with two titles.

    Raises
    ------
    IndicatorError
        For a file that is not a table, or that has no rows.
    """
    titles: dict[str, str] = {}
    measures: dict[str, list[Measure]] = {}
    seen: set[str] = set()
    refusals = []
    rows = read_rows(path, known=REQUIRED + OPTIONAL)
    for number, row in enumerate(rows, start=1):
        if is_empty(row):
            continue
        try:
            objective, title, measure = _measure(row)
            if measure.id in seen:
                raise IndicatorError(f"the measure {measure.id!r} occurs twice", where="", expected="one row for each")
            if titles.setdefault(objective, title) != title:
                what = f"the objective {objective!r} has the titles {titles[objective]!r} and {title!r}"
                raise IndicatorError(what, where="", expected="one title")
            seen.add(measure.id)
            measures.setdefault(objective, []).append(measure)
        except BadInput as error:
            refusals.append(RefusedRow(number, error.what, error.expected))
    if not rows:
        raise IndicatorError("has no rows", where=str(path), expected="a row for each measure")
    objectives = tuple(Objective(one, titles[one], tuple(found)) for one, found in measures.items())
    return ActionPlan(head.title, head.adopted, head.source, objectives, head.illustrative), refusals


def _measure(row: Mapping[str, Any]) -> tuple[str, str, Measure]:
    where = "row"
    for name in row:
        if name not in REQUIRED + OPTIONAL:
            what = f"unknown column {readable(str(name))!r}"
            raise IndicatorError(what, where=where, expected=expected_name(str(name), REQUIRED + OPTIONAL))
    text = {name: "" if row.get(name) is None else str(row[name]).strip() for name in REQUIRED + OPTIONAL}
    for name, value in text.items():
        if HIDDEN.search(value) or len(value) > LONGEST:
            raise IndicatorError(
                f"{name} {value[:60]!a}", where=where, expected=f"{ONE_LINE}, up to {LONGEST} characters"
            )
    for name in REQUIRED:
        if not text[name]:
            raise IndicatorError(f"no {name}", where=where, expected=", ".join(REQUIRED))
    if text["better"] not in ("", "higher", "lower"):
        raise IndicatorError(f"better {text['better']!r}", where=where, expected="higher or lower")
    measure = Measure(
        id=text["measure"],
        title=text["title"],
        owner=text["owner"],
        due=day_of(text["due"], where),
        indicator=text["indicator"],
        place=text["place"],
        target=number_of(row.get("target"), "target", where),
        better=text["better"] or None,  # type: ignore[arg-type]
        done=day_of(text["done"], where) if text["done"] else None,
        evidence=text["evidence"],
    )
    return text["objective"], text["objective_title"] or text["objective"], measure
