"""Track events: what one scan did to each track."""

from __future__ import annotations

from typing import NamedTuple

from fusion.filter.existence import CLOSING, COAST, CONFIRMING, STARTED, UPDATED
from fusion.filter.track_bank import Rows, track_name
from sensors.scan_columns import ScanColumns


class TrackEvent(NamedTuple):
    """Effect of one scan on one track.

    Parameters
    ----------
    track : str
        Name of the track.
    time_ns : int, UTC nanoseconds since 1970
        When the scan was observed.
    kind : str
        ``started``, ``confirmed``, ``updated``, ``coasting`` or ``closed``.
    sensor : str
        Id of the sensor whose scan it was.
    boot : int
        Boot number of the sensor.
    sequence : int
        Number of the scan since that boot.
    plot : int
        Number of the scan's plot that most probably came from the track, counted in canonical order
        (fusion.filter.measurements); −1 where none is likelier than not.
    """

    track: str
    time_ns: int
    kind: str
    sensor: str
    boot: int
    sequence: int
    plot: int = -1


KINDS = (
    (STARTED, "started"),
    (CONFIRMING, "confirmed"),
    (UPDATED, "updated"),
    (COAST, "coasting"),
    (CLOSING, "closed"),
)
KINDS_OF = tuple(tuple(kind for bit, kind in KINDS if bits & bit) for bits in range(2 * CLOSING))


def events_of(scan: ScanColumns, rows: Rows, before: Rows | None) -> list[TrackEvent]:
    """Return the events of one scan, without those already returned (``before``: the rows that the scan had then)."""
    returned = {} if before is None else dict(zip(before.track.tolist(), before.event.tolist(), strict=True))
    events = []
    for track_id, bits, plot in zip(rows.track.tolist(), rows.event.tolist(), rows.plot.tolist(), strict=True):
        kinds = KINDS_OF[bits & ~returned.get(track_id, 0) if returned else bits]
        if kinds:
            name = track_name(track_id)
            for kind in kinds:
                events.append(TrackEvent(name, rows.time_ns, kind, scan.sensor, scan.boot, scan.sequence, plot))
    return events
