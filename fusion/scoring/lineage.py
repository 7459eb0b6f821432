"""Track lineage: the plots that made a track, by sensor and scan, and the sensors' own ids for the objects.

Track identity: a track is named once, after its founding plot (fusion.track_management.lifecycle.track_id), and keeps
the name until it is closed; no name is reused. Tracks neither merge nor split: of two tracks on one target, the one
that fits the plots worse loses existence and is closed, and a target that leaves a group starts a new track. A track
re-acquired by another sensor, or after dead ground, is the same track: that is a hand-over. If two targets were too
similar to be distinguished (fusion.association.coalescence), a name stays with the position and may change targets.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from fusion.filter.measurements import canonical_order
from fusion.track_management.events import TrackEvent
from geo.errors import BadInput
from sensors.layout import Layout
from sensors.scan import Plot, Scan
from sensors.scan_columns import columns_of

__all__ = ["hand_overs", "lineage_of", "plot_of", "plots_by_sensor", "sources_of"]

TOOK = ("started", "updated")
"""Kinds of event by which a plot became part of a track."""


def lineage_of(events: Iterable[TrackEvent]) -> xr.Dataset:
    """Tabulate the plots that contributed to every track.

    Parameters
    ----------
    events : iterable of TrackEvent
        All events of a run, those after late data included; a contribution that occurs twice counts once.

    Returns
    -------
    Dataset, dim ``contribution``
        In the order of the events: ``track``, ``time``, ``sensor``, ``boot``, ``sequence``, ``plot`` (canonical number,
        −1 where none was likelier than not) and ``founding`` (the plot that the track is named after).
    """
    rows = dict.fromkeys(
        (event.track, event.time_ns, event.sensor, event.boot, event.sequence, event.plot, event.kind == "started")
        for event in events
        if event.kind in TOOK and (event.kind == "started" or event.plot >= 0)
    )
    founded = {row[:6] for row in rows if row[6]}
    kept = [row for row in rows if row[6] or row[:6] not in founded]
    columns = list(zip(*kept, strict=True)) if kept else [()] * 7
    one = ("contribution",)
    return xr.Dataset(
        {
            "track": (one, np.array(columns[0], dtype=np.str_)),
            "time": (one, np.array(columns[1], dtype=np.int64).astype("datetime64[ns]")),
            "sensor": (one, np.array(columns[2], dtype=np.str_)),
            "boot": (one, np.array(columns[3], dtype=np.int64)),
            "sequence": (one, np.array(columns[4], dtype=np.int64)),
            "plot": (one, np.array(columns[5], dtype=np.int64)),
            "founding": (one, np.array(columns[6], dtype=np.bool_)),
        }
    )


def plots_by_sensor(lineage: xr.Dataset) -> xr.Dataset:
    """Count the plots that each sensor contributed to each track.

    Parameters
    ----------
    lineage : Dataset
        Result of ``lineage_of``.

    Returns
    -------
    Dataset
        ``plots`` (track, sensor), names sorted; 0 where the sensor contributed nothing.

    Notes
    -----
    A sensor assists in a track's outcome only if it contributed plots, whatever a form states (GAO-18-119); see
    sensors.statistics.outcome_rates.assists.
    """
    tracks, row = np.unique(lineage["track"].values, return_inverse=True)
    sensors, column = np.unique(lineage["sensor"].values, return_inverse=True)
    plots = np.zeros((len(tracks), len(sensors)), np.int64)
    np.add.at(plots, (row, column), 1)
    return xr.Dataset({"plots": (("track", "sensor"), plots)}, coords={"track": tracks, "sensor": sensors})


def hand_overs(lineage: xr.Dataset) -> xr.Dataset:
    """List the hand-overs of tracks from one sensor to another.

    Parameters
    ----------
    lineage : Dataset
        Result of ``lineage_of``.

    Returns
    -------
    Dataset, dim ``hand_over``
        ``track``, ``time``, ``from_sensor`` and ``to_sensor``.
    """
    order = np.lexsort((lineage["time"].values, lineage["track"].values))
    ordered = lineage.isel(contribution=order)
    track, sensor = ordered["track"].values, ordered["sensor"].values
    at = np.flatnonzero((track[1:] == track[:-1]) & (sensor[1:] != sensor[:-1])) + 1
    one = ("hand_over",)
    return xr.Dataset(
        {
            "track": (one, track[at]),
            "time": (one, ordered["time"].values[at]),
            "from_sensor": (one, sensor[at - 1]),
            "to_sensor": (one, sensor[at]),
        }
    )


def plot_of(scan: Scan, layout: Layout, number: int) -> Plot:
    """Find the plot that the number in an event refers to.

    Parameters
    ----------
    scan : Scan
        The scan, as journaled.
    layout : Layout
        The sensors.
    number : int
        Canonical number of the plot.

    Returns
    -------
    Plot
        The plot, with the ``source_id`` that the sensor reported: an AIS identity, SAPIENT object or radar track.

    Raises
    ------
    BadInput
        For a number that the scan does not hold.
    """
    if not 0 <= number < len(scan.plots):
        raise BadInput(
            f"has no plot {number}",
            where=f"scan {scan.sensor}/{scan.boot}/{scan.sequence}",
            expected=f"0 to {len(scan.plots) - 1}",
        )
    return scan.plots[int(canonical_order(columns_of(scan, layout))[number])]


def sources_of(lineage: xr.Dataset, scans: Iterable[Scan], layout: Layout) -> dict[str, dict[tuple[str, str], int]]:
    """Link each track with the sensors' own ids of the detected objects.

    Parameters
    ----------
    lineage : Dataset
        Result of ``lineage_of``.
    scans : iterable of Scan
        The journaled scans that the lineage names; missing ones contribute nothing.
    layout : Layout
        The sensors.

    Returns
    -------
    dict of str to dict of (str, str) to int
        By track, the number of plots of each (sensor, source_id). A track with two ids of one sensor, or an id in two
        tracks, is for a person to resolve.
    """
    known = {scan.key: scan for scan in scans}
    linked: dict[str, dict[tuple[str, str], int]] = {}
    names = ("track", "sensor", "boot", "sequence", "plot")
    for track, sensor, boot, sequence, plot in zip(*(lineage[name].values.tolist() for name in names), strict=True):
        scan = known.get((sensor, boot, sequence))
        source = None if scan is None or plot < 0 else plot_of(scan, layout, plot).source_id
        if source is not None:
            counts = linked.setdefault(track, {})
            counts[sensor, source] = counts.get((sensor, source), 0) + 1
    return linked
