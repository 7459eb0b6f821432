"""``watchline action-plan import``: writes the file of a plan from a table of measures, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput
from ops.analysis.action_plan.plan import frozen, plan_as_toml, read_plan
from ops.analysis.action_plan.table import PlanHead, plan_of_table
from ops.analysis.indicators.command import MOST_SHOWN
from ops.analysis.indicators.tables import IndicatorError
from ops.runtime.output import atomic_write, show


def import_plan(table: Path, out: Path, head: PlanHead, screen: Console, *, freeze: bool = False) -> dict[str, Any]:
    """Write the plan of a table; return what it has. ``freeze``: its targets and terms are frozen.

    Raises IndicatorError where a row is refused, and BadInput where ``out`` exists or cannot be written: nothing is
    written then.
    """
    if out.exists():
        raise BadInput(f"{out.name!r} exists", where="--out", expected="a new name: a plan is not replaced")
    plan, refusals = plan_of_table(table, head)
    for one in refusals[:MOST_SHOWN]:
        show(screen, "action-plan-refused", row=one.row, reason=one.reason, expected=one.expected)
    if refusals:
        if len(refusals) > MOST_SHOWN:
            show(screen, "indicator-more", count=len(refusals) - MOST_SHOWN)
        raise IndicatorError(
            f"{len(refusals)} row{'s' if len(refusals) > 1 else ''} refused, so nothing was written", where=str(table),
            expected="a table in which every row can be used",
        )  # fmt: skip
    if freeze:
        plan = frozen(plan)
    with atomic_write(out) as partial:
        partial.write_text(plan_as_toml(plan), encoding="utf-8")
        read_plan(partial)
    measures = [measure for _, measure in plan.measures()]
    show(
        screen, "action-plan-imported", objectives=len(plan.objectives), measures=len(measures), file=str(out)
    )  # fmt: skip
    if freeze:
        show(screen, "action-plan-frozen", date=plan.adopted.isoformat())
    return {"file": str(out), "objectives": len(plan.objectives), "measures": len(measures), "frozen": freeze}
