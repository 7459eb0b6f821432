"""Assessments of pictures by people, and how often each camera reported another class. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

SHOWN: Final = ("person", "vehicle", "animal", "nothing", "unclear")
"""What a person may state of a picture."""
JUDGED: Final = SHOWN[:-1]
"""Statements that count: a picture of which a person unclear says nothing of the camera."""
MOST_ASSESSED: Final = 500
"""Pictures of an incident that may be assessed."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A person's statement of what a picture shows.

    ``picture`` is the SHA-256 of the file, ``sensor`` the camera, ``reported`` the likeliest class that it reported
    (empty for none), ``shown`` one of SHOWN, ``by`` the person, ``at`` the time of the journal, ``track`` the one track
    that the picture shows (empty for none, or where it may be one of several).
    """

    picture: str
    sensor: str
    shown: str
    reported: str = ""
    by: str = ""
    at: datetime | None = None
    track: str = ""


def with_assessment(known: tuple[Assessment, ...], new: Assessment) -> tuple[Assessment, ...]:
    """Return the assessments of an incident with one more; a later one of the same picture replaces the earlier."""
    return (*(one for one in known if one.picture != new.picture), new)


def merged_assessments(known: tuple[Assessment, ...], more: tuple[Assessment, ...]) -> tuple[Assessment, ...]:
    """Return the assessments of two incidents, the newest of each picture, at most MOST_ASSESSED."""
    for one in more:
        before = next((other for other in known if other.picture == one.picture), None)
        if before is None or (before.at is not None and one.at is not None and one.at > before.at):
            known = with_assessment(known, one)
    return known[-MOST_ASSESSED:]


def reported_and_shown(incidents: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    """Count the assessed pictures of each camera: what a person saw by what the camera reported.

    Parameters
    ----------
    incidents : iterable of mapping
        Incidents as they are published.

    Returns
    -------
    dict
        Number of pictures by sensor, by JUDGED, and by the reported class, which is empty where none was reported. Of a
        picture in several incidents the newest assessment counts, of equal times the last.
    """
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for incident in incidents:
        for one in incident.get("assessments", ()):
            key = one["sensor"], one["picture"]
            if key not in newest or datetime.fromisoformat(one["at"]) >= datetime.fromisoformat(newest[key]["at"]):
                newest[key] = one
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for (sensor, _), one in sorted(newest.items()):
        if one["shown"] in JUDGED:
            row = counts.setdefault(sensor, {}).setdefault(one["shown"], {})
            row[one["reported"]] = row.get(one["reported"], 0) + 1
    return counts
