"""Commands of administrators: accounts, devices, brokers, stores, clusters and the installation."""

from ops.cli.administrators.audit import audit_app
from ops.cli.administrators.broker import broker_app
from ops.cli.administrators.cluster import cluster_app, top
from ops.cli.administrators.confidential import confidential_app
from ops.cli.administrators.installation import completion, doctor
from ops.cli.administrators.store import store_app
from ops.cli.administrators.unit import unit_app
from ops.cli.administrators.user import user_app
from ops.cli.command_tree import Commands

__all__ = ["COMMANDS"]

COMMANDS = Commands(
    "Administrators",
    {
        "user": user_app,
        "unit": unit_app,
        "broker": broker_app,
        "audit": audit_app,
        "store": store_app,
        "cluster": cluster_app,
        "top": top,
        "confidential": confidential_app,
        "doctor": doctor,
        "completion": completion,
    },
)
