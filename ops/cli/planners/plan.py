"""``watchline plan`` on the command line."""

from __future__ import annotations

from ops.analysis.plan.options import PlanOptions
from ops.cli.options import JsonOption, answer, command_of, refuse_failed, screen


@command_of(PlanOptions)
def plan(options: PlanOptions, *, as_json: JsonOption = False) -> None:
    """Optimise what to buy for a budget, and where.

    Selects items and sites, and states how close the result is to the optimum.
    Optionally computes a Pareto front and patrol schedules. With a nation
    file, every sector is planned, each with the whole budget.

    Examples
    --------
    watchline plan cumberland --budget 2000000 --out out/plan
    watchline plan cumberland --budget 500000 --start basic
    watchline plan nation.toml --budget 500000 --out out/plans
    """
    from ops.cluster.batch.command import of_sector_or_nation

    figures = of_sector_or_nation("plan", options, screen)
    answer(figures, as_json=as_json)
    refuse_failed(options.sector, figures)
