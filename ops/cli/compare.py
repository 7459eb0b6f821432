"""``watchline compare`` on the command line."""

from __future__ import annotations

from ops.analysis.compare.options import CompareOptions
from ops.cli.options import JsonOption, answer, command_of, screen


@command_of(CompareOptions)
def compare(options: CompareOptions, *, as_json: JsonOption = False) -> None:
    """Compare layouts at equal life-cycle cost.

    States which layout is better, with what confidence, and which assumption
    decides the result.

    Examples
    --------
    watchline compare cumberland basic hightech
    watchline compare cumberland basic hightech --budget 20000000 --out compare
    """
    from ops.analysis.compare.command import compare_layouts

    answer(compare_layouts(options, screen), as_json=as_json)
