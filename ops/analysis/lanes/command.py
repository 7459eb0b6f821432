"""``watchline lanes``: compares arrangements of lanes at a crossing point, on the screen and as ``summary.json``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from ops.analysis.lanes.what_if import MISUSES, Arrangement, CrossingPoint, FindsEstimate, LaneComparison, compare_lanes
from ops.analysis.messages import plain, rounded
from ops.runtime.output import SUMMARY, catalogue, prepare_folder, say, show, write_summary
from ops.runtime.tables import show_table
from ops.sector.toml_record import read_toml, record_from

KIND: Final = "watchline lanes"
COLUMNS: Final = ("arrangement", "enrolled", "others", "all", "busy", "method")
LIMITS: Final = ("steady", "poisson", "service", "formulas", "finds", "enrolment")


def show_lanes(file: Path, screen: Console, *, out: Path | None = None) -> dict[str, Any]:
    """Read a crossing point, compare, show, and write ``summary.json`` where a folder is given. Raises BadInput."""
    found = compare_lanes(record_from(CrossingPoint, read_toml(file), where=str(file)))
    if out is not None:
        prepare_folder(out, [SUMMARY], made_by=KIND)
    point = found.point
    if point.illustrative:
        show(screen, "score-illustrative")
    for sentence in answer_of(found):
        screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
    table = Table(title=say("lanes-heading", title=point.title))
    for name in COLUMNS:
        table.add_column(say("lanes-column", name=name))
    for one in found.arrangements:
        table.add_row(*_cells(one))
    show_table(screen, table)
    for name in LIMITS:
        show(screen, f"lanes-limit-{name}")
    figures = {"made_by": KIND} | found.as_dict()
    if out is not None:
        figures["files"] = [str(out / SUMMARY)]
        write_summary(out / SUMMARY, figures)
        show(screen, "console-output", folder=str(out))
    return figures


def answer_of(found: LaneComparison) -> list[str]:
    """The sentences that come first: waits, checks saved, and what is not found."""
    formats = catalogue().formats
    everyone, own, first = found.arrangements
    saved = say("score-unknown") if math.isnan(found.checks_saved_per_hour) else _short(found.checks_saved_per_hour)
    is_growing = any(one.growth_per_hour > 0.0 for one in found.arrangements)
    sentences = [
        say("lanes-answer", everyone=_minutes(everyone.mean_min), own=_minutes(own.mean_min),
            priority=_minutes(first.mean_min)),
        say("lanes-saved", saved=saved, all=plain(found.point.arrivals_per_hour)),
        say("lanes-finds", all=_estimate(found.finds_all_checked), trusted=_estimate(found.finds_trusted)),
        say("lanes-missed", missed=_estimate(found.finds_missed)),
        *([say("lanes-not-all-made")] if is_growing else []),
        say("lanes-misuse", count=MISUSES, probability=formats.percent(found.misuse_met)),
    ]  # fmt: skip
    return sentences + [
        say("lanes-growing", arrangement=say("lanes-arrangement", name=one.name), growth=_short(one.growth_per_hour))
        for one in found.arrangements
        if one.growth_per_hour > 0.0
    ]


def _cells(one: Arrangement) -> list[str]:
    return [
        say("lanes-arrangement", name=one.name),
        _minutes(one.enrolled_min),
        _minutes(one.others_min),
        _minutes(one.mean_min),
        catalogue().formats.percent(one.busy),
        say("lanes-method", method="exact" if one.exact else "approximate"),
    ]


def _minutes(value: float) -> str:
    return say("lanes-endless") if math.isinf(value) else say("lanes-minutes", value=_short(value))


def _short(value: float) -> str:
    """A figure of a model: whole from 10 on, otherwise with two significant digits. More would not be known."""
    return plain(float(round(value)) if 10.0 <= abs(value) < math.inf else rounded(value, 2))


def _estimate(one: FindsEstimate) -> str:
    if math.isnan(one.low):
        return say("score-unknown")
    value = say("score-unknown") if math.isnan(one.value) else _short(one.value)
    return say("lanes-estimate", value=value, low=_short(max(0.0, one.low)), high=_short(one.high))
