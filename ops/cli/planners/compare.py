"""``watchline compare`` on the command line."""

from __future__ import annotations

from ops.analysis.compare.options import CompareOptions
from ops.cli.options import JsonOption, answer, command_of, refuse_failed, screen


@command_of(CompareOptions)
def compare(options: CompareOptions, *, as_json: JsonOption = False) -> None:
    """Compare layouts at equal life-cycle cost.

    States which layout is better, with what confidence, and which assumption
    decides the result. With a nation file, the layouts of every sector are
    compared.

    Examples
    --------
    watchline compare cumberland basic hightech
    watchline compare cumberland basic hightech --budget 20000000 --out compare
    watchline compare nation.toml basic hightech --out out/compare
    """
    from ops.cluster.batch.command import of_sector_or_nation

    figures = of_sector_or_nation("compare", options, screen)
    answer(figures, as_json=as_json)
    refuse_failed(options.sector, figures)
