"""``watchline challenge`` on the command line."""

from __future__ import annotations

from ops.analysis.challenge.options import ChallengeOptions
from ops.cli.options import JsonOption, answer, command_of, screen


@command_of(ChallengeOptions)
def challenge(options: ChallengeOptions, *, as_json: JsonOption = False) -> None:
    """Assess border terrain and a layout's gaps.

    Assesses how difficult each segment is for any layout, and how this layout
    performs: dead ground, coverage gaps, minimum-detection paths and the
    probability of interruption.

    Examples
    --------
    watchline challenge cumberland --out out/challenge
    watchline challenge cumberland --target vehicle \\
        --conditions night --out out/night
    """
    from ops.analysis.challenge.command import assess

    answer(assess(options, screen), as_json=as_json)
