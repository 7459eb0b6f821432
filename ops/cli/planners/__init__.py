"""Commands of planners: sectors and their terrain, equipment, plans and their comparison."""

from ops.cli.command_tree import Commands
from ops.cli.planners.catalogue import catalogue_app
from ops.cli.planners.compare import compare
from ops.cli.planners.patrols import patrols
from ops.cli.planners.plan import plan
from ops.cli.planners.sector import sector_app
from ops.cli.planners.terrain import terrain_app

__all__ = ["COMMANDS"]

COMMANDS = Commands(
    "Planners",
    {
        "sector": sector_app,
        "terrain": terrain_app,
        "catalogue": catalogue_app,
        "plan": plan,
        "compare": compare,
        "patrols": patrols,
    },
)
