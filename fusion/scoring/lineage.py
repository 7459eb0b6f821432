"""Where a track comes from: which sensor's plots made it, in which scans, and what the sensor itself called them.

The policy of identity. A track is named once, after its founding plot (fusion.track_management.lifecycle.track_id), and
keeps the name until it closes; no name is used again. Tracks neither merge nor split: of two tracks on one target the
one that the plots fit worse loses existence and closes, and a target that comes out of a group founds a track of its
own. A track that is picked up again by another sensor, or after dead ground, is the same track: that is a hand-over.
Where two targets were too alike to be told apart (fusion.association.coalescence) a name stays with the place, and may
change persons; what was never told apart cannot be told apart later.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from fusion.filter.measurements import canonical_order
from fusion.tracker import TrackEvent
from geo.errors import BadInput
from sensors.layout import Layout
from sensors.scan import Plot, Scan
from sensors.scan_columns import columns_of

TOOK = ("started", "updated")
"""Kinds of event by which a plot became part of a track."""


def lineage_of(events: Iterable[TrackEvent]) -> xr.Dataset:
    """What every track was made of, dim ``contribution`` in the order of the events: track, time, sensor, boot,
    sequence, plot (canonical number, −1 where no plot was likelier than not), founding (the plot it is named after).

    Give it all events of a run, those of re-runs after late data included; a contribution told twice counts once.
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


def assists(lineage: xr.Dataset) -> xr.Dataset:
    """How much each sensor gave to each track: ``plots`` (track, sensor), names sorted; 0 where it gave nothing.

    An asset assists in a track's outcome where it gave plots, and nowhere else, whatever a form says (GAO-18-119).
    """
    tracks, row = np.unique(lineage["track"].values, return_inverse=True)
    sensors, column = np.unique(lineage["sensor"].values, return_inverse=True)
    plots = np.zeros((len(tracks), len(sensors)), np.int64)
    np.add.at(plots, (row, column), 1)
    return xr.Dataset({"plots": (("track", "sensor"), plots)}, coords={"track": tracks, "sensor": sensors})


def hand_overs(lineage: xr.Dataset) -> xr.Dataset:
    """Where a track went on with another sensor than before: dim ``hand_over``, track, time, from_sensor, to_sensor."""
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
    """The plot of a journaled scan that an event's ``plot`` counts, with its ``source_id``: the AIS identity, SAPIENT
    object or radar track that the sensor reported. Raises BadInput for a number that the scan does not hold."""
    if not 0 <= number < len(scan.plots):
        raise BadInput(
            f"has no plot {number}",
            where=f"scan {scan.sensor}/{scan.boot}/{scan.sequence}",
            expected=f"0 to {len(scan.plots) - 1}",
        )
    return scan.plots[int(canonical_order(columns_of(scan, layout))[number])]


def sources_of(lineage: xr.Dataset, scans: Iterable[Scan], layout: Layout) -> dict[str, dict[tuple[str, str], int]]:
    """By track, how many plots of each (sensor, source_id) it took: the source tracks that it is linked with.

    ``scans`` are those of the journal that the lineage names; those missing, and plots without a source_id, add
    nothing. A track with two identities of one sensor, or an identity in two tracks, is for people to look at.
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
