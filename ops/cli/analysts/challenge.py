"""``watchline challenge`` on the command line."""

from __future__ import annotations

from ops.analysis.challenge.options import ChallengeOptions
from ops.cli.options import JsonOption, answer, command_of, refuse_failed, screen


@command_of(ChallengeOptions)
def challenge(options: ChallengeOptions, *, as_json: JsonOption = False) -> None:
    """Assess border terrain and a layout's gaps.

    Assesses how difficult each segment is for any layout, and how this layout
    performs: dead ground, coverage gaps, minimum-detection paths and the
    probability of interruption. With a nation file, every sector is assessed,
    and the worst segments of all are listed.

    Examples
    --------
    watchline challenge cumberland --out out/challenge
    watchline challenge cumberland --target vehicle \\
        --conditions night --out out/night
    watchline challenge nation.toml --scheduler processes --out out/nation
    """
    from ops.cluster.batch.command import of_sector_or_nation

    figures = of_sector_or_nation("challenge", options, screen)
    answer(figures, as_json=as_json)
    refuse_failed(options.sector, figures)
