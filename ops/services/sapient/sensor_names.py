"""Mapping of SAPIENT nodes to sensors of the layout."""

from __future__ import annotations

import json
from collections.abc import Set
from pathlib import Path
from typing import Final

from sensors.layout import Layout

ADAPTERS_FILE: Final = "adapters.json"
"""In the data folder: {"sapient": {node id: sensor}}, written by ``watchline sensor register``."""


def sensor_of(node_id: str, names: tuple[str, ...], layout: Layout, folder: Path, taken: Set[str]) -> str:
    """The sensor of a node: as registered by an operator, else by its id, else by its name; else its id, which is
    journaled only.

    ``taken``: sensors of other nodes; a registration by an operator has precedence.
    """
    registered = registered_nodes(folder)
    if node_id in registered:
        return registered[node_id]
    taken = taken | set(registered.values())
    return next((name for name in (node_id, *names) if name in layout and name not in taken), node_id)


def registered_nodes(folder: Path) -> dict[str, str]:
    """SAPIENT node id → sensor, as written by ``watchline sensor register``; empty without registrations."""
    try:
        nodes = json.loads((folder / ADAPTERS_FILE).read_text(encoding="utf-8"))["sapient"]
        return {str(node): str(sensor) for node, sensor in nodes.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
