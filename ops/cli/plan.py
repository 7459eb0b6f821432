"""``watchline plan`` on the command line."""

from __future__ import annotations

from ops.analysis.plan.options import PlanOptions
from ops.cli.options import JsonOption, answer, command_of, screen


@command_of(PlanOptions)
def plan(options: PlanOptions, *, as_json: JsonOption = False) -> None:
    """Optimise what to buy for a budget, and where.

    Selects items and sites, and states how close the result is to the optimum.
    Optionally computes a Pareto front and patrol schedules.

    Examples
    --------
    watchline plan cumberland --budget 2000000 --out out/plan
    watchline plan cumberland --budget 500000 --start basic
    """
    from ops.analysis.plan.command import plan_sector

    answer(plan_sector(options, screen), as_json=as_json)
