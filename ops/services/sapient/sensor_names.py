"""Mapping of SAPIENT nodes to sensors of the layout."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ops.services.sapient.database import KnownNode
from sensors.layout import Layout

ADAPTERS_FILE: Final = "adapters.json"
"""In the data folder: {"sapient": {node id: sensor}}, written by ``watchline sensor register``."""


def sensor_of(node_id: str, folder: Path) -> str:
    """The sensor of a node: as registered by a person, else the sensor of the layout with the node's id, else its id,
    which is journaled only.

    A name that the node gives itself proves nothing, so it selects no sensor (``claimed``).
    """
    return registered_nodes(folder).get(node_id, node_id)


def node_of(sensor: str, nodes: Iterable[KnownNode], folder: Path) -> str | None:
    """The node that is this sensor now, of several the one heard last; None without one. A node that another one has
    replaced is not it any more."""
    registered = registered_nodes(folder)
    found = [one for one in nodes if registered.get(one.node_id, one.node_id) == sensor]
    return max(found, key=lambda one: one.heard_ns).node_id if found else None


def claimed(node_id: str, names: tuple[str, ...], layout: Layout, folder: Path) -> str | None:
    """The sensor of the layout that a node calls itself although no person registered it as that; None without one."""
    registered = registered_nodes(folder)
    if node_id in registered:
        return None
    if node_id in layout:
        return node_id if node_id in registered.values() else None
    return next((name for name in names if name in layout), None)


def registered_nodes(folder: Path) -> dict[str, str]:
    """SAPIENT node id → sensor, as written by ``watchline sensor register``; empty without registrations."""
    try:
        nodes = json.loads((folder / ADAPTERS_FILE).read_text(encoding="utf-8"))["sapient"]
        return {str(node): str(sensor) for node, sensor in nodes.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
