"""``watchline patrols`` on the command line."""

from __future__ import annotations

from ops.analysis.patrols.options import PatrolOptions
from ops.cli.options import JsonOption, answer, command_of, screen


@command_of(PatrolOptions)
def patrols(options: PatrolOptions, *, as_json: JsonOption = False) -> None:
    """Compute what patrols and unpredictable times add.

    Patrols walk along the border and back beside the sensors of a layout. One
    crosser knows their timetable and chooses path and departure; another knows
    only the route. One figure shows both, and a random search.

    Examples
    --------
    watchline patrols cumberland --layout basic --out out/patrols
    watchline patrols cumberland --patrols 1 --carries thermal \\
        --conditions night --out out/night
    """
    from ops.analysis.patrols.command import walk

    answer(walk(options, screen), as_json=as_json)
