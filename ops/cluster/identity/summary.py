"""The summary of a sector for the nation: counts, however many tracks, sensors and incidents it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from ops.cluster.identity.incidents import SectorIncident
from ops.cluster.identity.sighting import TrackInPicture


class _Sensor(msgspec.Struct):
    state: str


class _Section(msgspec.Struct):
    met: bool | None = None


class CoveredSegments(msgspec.Struct, frozen=True):
    """Border segments that meet the ``required`` probability of detection (``ops.services.fusion.desks.coverage``)."""

    segments: int
    planned: int
    now: int
    unknown: int
    required: float


class _Forces(msgspec.Struct):
    sections: list[_Section] = []
    coverage: CoveredSegments | None = None


class SectorSummary(msgspec.Struct, frozen=True):
    """A sector at ``stamp_ns`` [UTC ns, its journal time].

    Parameters
    ----------
    stamp_ns : int
        Time of its picture.
    tracks : int
        Confirmed and coasting tracks.
    undecided : int
        Those of them near an edge whose national identity is not decided yet.
    incidents : dict of str to int
        Incidents that are not closed, by priority.
    attention : int
        Those of them that wait for an acknowledgement.
    sensors : dict of str to int
        Sensors by state.
    posture : dict of str to int
        Border sections whose required reaction is ``met``, is ``unmet``, or is not known (``open``).
    coverage : CoveredSegments, optional
        Border segments that meet the requirement on detection, as planned and now; None where it is not computed.
    """

    stamp_ns: int
    tracks: int
    undecided: int
    incidents: dict[str, int]
    attention: int
    sensors: dict[str, int]
    posture: dict[str, int]
    coverage: CoveredSegments | None = None


def summary_of(
    stamp_ns: int,
    tracks: Iterable[TrackInPicture],
    undecided: int,
    incidents: Sequence[SectorIncident],
    *,
    sensors: bytes | None,
    forces: bytes | None,
) -> SectorSummary:
    """Summarise a sector.

    Parameters
    ----------
    stamp_ns : int, UTC ns
        Time of the picture.
    tracks : iterable of TrackInPicture
        Its tracks.
    undecided : int
        Number of tracks without a national identity yet.
    incidents : sequence of SectorIncident
        Its incidents, closed ones included.
    sensors, forces : bytes, optional
        These parts of its live picture, as JSON; None where there is none.

    Returns
    -------
    SectorSummary
        Counts.
    """
    here = [one for one in incidents if one.state != "closed"]
    states = [] if sensors is None else msgspec.json.decode(sensors, type=list[_Sensor])
    posture = _Forces() if forces is None else msgspec.json.decode(forces, type=_Forces)
    words = {True: "met", False: "unmet", None: "open"}
    return SectorSummary(
        stamp_ns,
        sum(1 for one in tracks if one.status != "tentative"),
        undecided,
        dict(sorted(Counter(one.priority for one in here).items())),
        sum(one.attention for one in here),
        dict(sorted(Counter(one.state for one in states).items())),
        dict(sorted(Counter(words[one.met] for one in posture.sections).items())),
        posture.coverage,
    )
