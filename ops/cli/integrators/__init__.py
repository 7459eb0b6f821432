"""Commands of integrators: sensors, messages, and what was refused or not received."""

from ops.cli.command_tree import Commands
from ops.cli.integrators.dead_letters import dead_letters_app
from ops.cli.integrators.feeds import feeds_app
from ops.cli.integrators.messages import record, simulate
from ops.cli.integrators.sensor import sensor_app

__all__ = ["COMMANDS"]

COMMANDS = Commands(
    "Integrators",
    {
        "sensor": sensor_app,
        "simulate": simulate,
        "record": record,
        "dead-letters": dead_letters_app,
        "feeds": feeds_app,
    },
)
