"""The national picture: a roll-up of each sector, and the incidents of all sectors by priority."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console

from ops.cluster.identity.decision import Key
from ops.cluster.identity.incidents import MOST, SectorIncident, national_list, sector_incidents
from ops.cluster.identity.nation_store import NationReader
from ops.cluster.identity.summary import SectorSummary
from ops.incidents.incident import PRIORITIES
from ops.runtime.output import say
from ops.runtime.tables import show_table, table_of
from ops.store.connections import StoreError
from ops.store.incidents import IncidentReader
from sensors.timestamps import utc_datetime

WORKING: Final = ("ok", "degraded")
"""States of sensors that detect something."""


def national_picture(folder: Path, sectors: Sequence[str]) -> dict[str, Any]:
    """Return the roll-up of each sector, the incidents that are not closed, and how many identities there are.

    Parameters
    ----------
    folder : path
        Data folder of the cluster.
    sectors : sequence of str
        Names of its sectors.

    Returns
    -------
    dict
        ``sectors``: a summary by name, None before the first. ``incidents``: one entry per event, the most urgent
        first; ``before`` are the incidents of other sectors that it continues. ``identities``: their number, and that
        of the tracks that took one from the neighbouring sector.
    """
    incidents = {name: _incidents_of(folder / name / "store.db") for name in sectors}
    with NationReader(folder) as nation:
        summaries, continued, (identities, joined) = nation.summaries(), nation.continued(), nation.count()
    known = {(sector, one.id): one for sector, each in incidents.items() for one in each}
    return {
        "sectors": {name: _roll_up(summaries.get(name)) for name in sectors},
        "incidents": [
            {
                "priority": one.priority,
                "attention": one.attention,
                "opened_at": _time(one.opened_at),
                **_named(one.current, known),
                "state": known[one.current].state,
                "before": [_named(key, known) for key in one.incidents[: one.incidents.index(one.current)]],
            }
            for one in national_list(incidents, continued)
        ],
        "identities": {"targets": identities, "joined_tracks": joined},
    }


def show_national_picture(picture: dict[str, Any], *, screen: Console) -> None:
    """Show both as tables; no table for what is empty."""
    summed = {name: one for name, one in picture["sectors"].items() if one is not None}
    if summed:
        numbers = ("tracks", *(f"open_{priority}" for priority in PRIORITIES), "sensors_working", "sensors_silent")
        table = table_of("sector", *numbers, right=numbers)
        for name, one in summed.items():
            counts = [one["incidents"].get(priority, 0) for priority in PRIORITIES]
            working = sum(one["sensors"].get(state, 0) for state in WORKING)
            silent = sum(one["sensors"].values()) - working
            table.add_row(name, *map(str, [one["tracks"], *counts, working, silent]))
        show_table(screen, table)
    if picture["incidents"]:
        table = table_of("urgency", "incident_name", "sector", "state", "opened_at", "continues")
        for one in picture["incidents"]:
            before = ", ".join(f"{each['name'] or each['incident']} ({each['sector']})" for each in one["before"])
            words = say("console-priority", priority=one["priority"]), say("incident-state", state=one["state"])
            cells = [words[0], one["name"], one["sector"], words[1], one["opened_at"], before or "–"]
            table.add_row(*cells)
        show_table(screen, table)


def _incidents_of(store: Path) -> list[SectorIncident]:
    reader = IncidentReader(store)
    try:
        with suppress(StoreError):
            return sector_incidents(reader.incidents(limit=MOST)[1])
        return []
    finally:
        reader.close()


def _roll_up(body: bytes | None) -> dict[str, Any] | None:
    if body is None:
        return None
    found: dict[str, Any] = msgspec.to_builtins(msgspec.json.decode(body, type=SectorSummary))
    return {"at": _time(utc_datetime(found.pop("stamp_ns"))), **found}


def _named(key: Key, known: dict[Key, SectorIncident]) -> dict[str, str]:
    one = known.get(key)
    return {"sector": key[0], "incident": key[1], "name": "" if one is None else one.name}


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
