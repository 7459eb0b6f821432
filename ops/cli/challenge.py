"""``watchline challenge`` on the command line."""

from __future__ import annotations

from ops.analysis.challenge.options import ChallengeOptions
from ops.cli.options import JsonOption, answer, command_of, screen


@command_of(ChallengeOptions)
def challenge(options: ChallengeOptions, *, as_json: JsonOption = False) -> None:
    """Say how hard a border's ground is for any layout, and how this one does on it: gaps, crossings, interruption."""
    from ops.analysis.challenge.command import assess

    answer(assess(options, screen), as_json=as_json)
