"""Commands of analysts: coverage, indicators, risk, and journals and archives."""

from ops.cli.analysts.action_plan import action_plan_app
from ops.cli.analysts.archive import archive_app
from ops.cli.analysts.challenge import challenge
from ops.cli.analysts.coverage import coverage, sites
from ops.cli.analysts.indicators import indicators_app
from ops.cli.analysts.journal import journal_app
from ops.cli.analysts.lanes import lanes
from ops.cli.analysts.risk import risk
from ops.cli.analysts.score import score
from ops.cli.analysts.screening import screening
from ops.cli.analysts.threats import threats_app
from ops.cli.command_tree import Commands

__all__ = ["COMMANDS"]

COMMANDS = Commands(
    "Analysts",
    {
        "coverage": coverage,
        "challenge": challenge,
        "sites": sites,
        "indicators": indicators_app,
        "action-plan": action_plan_app,
        "score": score,
        "risk": risk,
        "threats": threats_app,
        "lanes": lanes,
        "screening": screening,
        "journal": journal_app,
        "archive": archive_app,
    },
)
