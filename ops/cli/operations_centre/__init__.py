"""Commands of the operations centre: running a sector, and what a shift hands over, exports and exchanges."""

from ops.cli.command_tree import Commands
from ops.cli.operations_centre.drill import drill_app
from ops.cli.operations_centre.eurosur import eurosur_app
from ops.cli.operations_centre.reports import export, handover
from ops.cli.operations_centre.room import demo, replay, run, serve
from ops.cli.operations_centre.share import share_app

__all__ = ["COMMANDS"]

COMMANDS = Commands(
    "Operations centre",
    {
        "demo": demo,
        "run": run,
        "serve": serve,
        "replay": replay,
        "handover": handover,
        "export": export,
        "drill": drill_app,
        "share": share_app,
        "eurosur": eurosur_app,
    },
)
