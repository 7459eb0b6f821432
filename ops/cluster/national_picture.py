"""The national picture: a summary of each sector, and the incidents of all sectors by priority."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console

from ops.cluster.identity.combination import combined, together
from ops.cluster.identity.decision import Key, national_id
from ops.cluster.identity.incidents import MOST, EventJoins, SectorIncident, national_list, sector_incidents
from ops.cluster.identity.nation_store import Continued, NationReader
from ops.cluster.identity.sighting import KNOWN, TrackInPicture, TrackSighting, sighting_of
from ops.cluster.identity.summary import SectorSummary
from ops.incidents.incident import PRIORITIES
from ops.runtime.output import say
from ops.runtime.tables import show_table, table_of
from ops.store.connections import StoreError
from ops.store.incidents import IncidentReader
from sensors.timestamps import SECOND_NS, utc_datetime

WORKING: Final = ("ok", "degraded")
"""States of sensors that detect something."""
CURRENT_NS: Final = 15 * SECOND_NS
"""A picture that is older is not current; a sector at rest makes one every second."""


def national_picture(folder: Path, sectors: Sequence[str], *, now_ns: int) -> dict[str, Any]:
    """Return the summary of each sector, the incidents that are not closed, and how many identities there are.

    Parameters
    ----------
    folder : path
        Data folder of the cluster.
    sectors : sequence of str
        Names of its sectors.
    now_ns : int, UTC ns
        The present.

    Returns
    -------
    dict
        ``sectors``: a summary by name, None before the first; ``at`` is the time of its picture, ``current`` whether
        that counts as the present. ``incidents``: one entry per event, the most urgent
        first; ``before`` are the incidents of other sectors that it continues, ``joins`` which continues which, and who
        separated them where someone did. ``identities``: their number, and that
        of the tracks that took one from the neighbouring sector. ``shared``: the targets that several sectors track
        now, with their position from all of these tracks, and its standard deviation [m].
    """
    incidents, tracks = {}, {}
    for name in sectors:
        incidents[name], tracks[name] = _read(folder / name / "store.db")
    known = {(sector, one.id): one for sector, each in incidents.items() for one in each}
    with NationReader(folder) as nation:
        summaries, continued, (identities, joined) = (
            nation.summaries(),
            nation.continued_in_events(known),
            nation.count(),
        )
        shown = [(name, entry.track) for name, (_, each) in tracks.items() for entry in each]
        known_tracks = {key: history[-1][1] for key in shown if (history := nation.history_of(key))}
    joins = EventJoins(continued)
    return {
        "sectors": {name: _roll_up(summaries.get(name), now_ns) for name in sectors},
        "incidents": [
            {
                "priority": one.priority,
                "attention": one.attention,
                "opened_at": _time(one.opened_at),
                **_named(one.current, known),
                "state": known[one.current].state,
                "before": [_named(key, known) for key in one.incidents[: one.incidents.index(one.current)]],
                "joins": [_join(each) for each in joins.of(one)],
            }
            for one in national_list(incidents, continued)
        ],
        "identities": {"targets": identities, "joined_tracks": joined},
        "shared": _shared(tracks, known_tracks),
    }


def show_national_picture(picture: dict[str, Any], *, screen: Console) -> None:
    """Show both as tables; no table for what is empty.

    Of a sector that is not current, open incidents are shown; tracks, sensors and coverage are not known now.
    """
    summed = {name: one for name, one in picture["sectors"].items() if one is not None}
    if summed:
        numbers = (
            "tracks", *(f"open_{priority}" for priority in PRIORITIES), "sensors_working", "sensors_offline",
            "covered_now", "covered_planned",
        )  # fmt: skip
        table = table_of("sector", "at", *numbers, right=numbers)
        for name, one in summed.items():
            counts = [one["incidents"].get(priority, 0) for priority in PRIORITIES]
            working = sum(one["sensors"].get(state, 0) for state in WORKING)
            offline = sum(one["sensors"].values()) - working
            covered = one["coverage"]
            of_segments = ["–", "–"] if covered is None else [covered["now"], covered["planned"]]
            tracks, *of_sensors = [one["tracks"], working, offline, *of_segments] if one["current"] else ["–"] * 5
            table.add_row(name, one["at"], *map(str, [tracks, *counts, *of_sensors]))
        show_table(screen, table)
    if picture["incidents"]:
        table = table_of("priority", "incident", "sector", "state", "opened", "continues")
        for one in picture["incidents"]:
            before = ", ".join(f"{each['name'] or each['incident']} ({each['sector']})" for each in one["before"])
            words = say("console-priority", priority=one["priority"]), say("incident-state", state=one["state"])
            cells = [words[0], one["name"], one["sector"], words[1], one["opened_at"], before or "–"]
            table.add_row(*cells)
        show_table(screen, table)


def _read(store: Path) -> tuple[list[SectorIncident], tuple[int, list[TrackInPicture]]]:
    """Return the incidents of a sector, and its tracks with the time of the picture; nothing without a store."""
    reader = IncidentReader(store)
    try:
        with suppress(StoreError):
            incidents, live = sector_incidents(reader.open_incidents(rows=MOST)), reader.live("tracks")
            body = b"[]" if live is None else live.body
            tracks = msgspec.json.decode(body, type=list[TrackInPicture])
            return incidents, (0 if live is None else live.stamp_ns, tracks)
        return [], (0, [])
    finally:
        reader.close()


def _shared(tracks: dict[str, tuple[int, list[TrackInPicture]]], identities: dict[Key, str]) -> list[dict[str, Any]]:
    """Return the targets that several sectors track, in order of identity."""
    of_target: dict[str, list[tuple[Key, TrackSighting]]] = {}
    for sector, (stamp_ns, each) in tracks.items():
        for entry in each:
            national = identities.get((sector, entry.track))
            if national is not None and entry.status in KNOWN:
                of_target.setdefault(national, []).append(((sector, entry.track), sighting_of(entry, stamp_ns)))
    found = []
    for national, members in sorted(of_target.items()):
        members.sort(key=lambda member: (national_id(*member[0]) != national, member[0]))
        kept = [members[number] for number in together([sighting for _, sighting in members])]
        if len({key[0] for key, _ in kept}) > 1:
            at = combined([sighting for _, sighting in kept], max(sighting.time_ns for _, sighting in kept))
            found.append(
                {
                    "identity": national,
                    "tracks": [{"sector": sector, "track": track} for (sector, track), _ in kept],
                    "lon": round(at.lon, 7),
                    "lat": round(at.lat, 7),
                    "sd_m": round(math.sqrt(float(at.cov[0, 0] + at.cov[1, 1]) / 2.0), 1),
                }
            )
    return found


def _roll_up(body: bytes | None, now_ns: int) -> dict[str, Any] | None:
    if body is None:
        return None
    found: dict[str, Any] = msgspec.to_builtins(msgspec.json.decode(body, type=SectorSummary))
    stamp_ns = found.pop("stamp_ns")
    return {"at": _time(utc_datetime(stamp_ns)), "current": abs(now_ns - stamp_ns) <= CURRENT_NS, **found}


def _named(key: Key, known: dict[Key, SectorIncident]) -> dict[str, str]:
    one = known.get(key)
    return {"sector": key[0], "incident": key[1], "name": "" if one is None else one.name}


def _join(one: Continued) -> dict[str, str | None]:
    by = one.separated_by or None
    at = _time(utc_datetime(one.separated_ns)) if by else None
    return {**dict(zip(one._fields[:4], one[:4], strict=True)), "separated_by": by, "separated_at": at}


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
