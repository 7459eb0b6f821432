"""``watchline plan`` on the command line."""

from __future__ import annotations

from ops.analysis.plan.options import PlanOptions
from ops.cli.options import JsonOption, answer, command_of, screen


@command_of(PlanOptions)
def plan(options: PlanOptions, *, as_json: JsonOption = False) -> None:
    """Say what to buy for a budget and where it should stand, with how near that is to the best there is."""
    from ops.analysis.plan.command import plan_sector

    answer(plan_sector(options, screen), as_json=as_json)
