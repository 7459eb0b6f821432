"""Incidents and outcomes of actions as published: plain values with sentences."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from geo.frame import LocalFrame
from ops.incidents.book import ActionOutcome
from ops.incidents.incident import Incident
from ops.words import MessageCatalogue

INTERNAL: Final = ("undoable", "unsettled", "acknowledged", "easting", "northing", "marking", "asked")
"""Fields that only fusion uses."""


def incident_dict(
    incident: Incident, frame: LocalFrame, words: MessageCatalogue | None = None, section: str | None = None
) -> dict[str, Any]:
    """The incident as published: its fields, ``sentence`` in the language of ``words``, lon and lat where known.

    ``section`` is the name of its border section.
    ``undo`` names the latest action while it may be undone, its person and the last moment; else it is None.
    """
    words = words or MessageCatalogue.of()
    body: dict[str, Any] = msgspec.to_builtins(incident)
    last = incident.undoable
    for name in INTERNAL:
        del body[name]
    if body["tracing"] is None:
        del body["tracing"]  # as an incident was published before there were tracing records
    if not body["assessments"]:
        del body["assessments"]
    if not body["looks"]:
        del body["looks"]
    body["section"] = section
    body["sentence"] = words.say(incident.message)
    body["undo"] = None if last is None else {"action": last.action_id, "by": last.by, "until_ns": last.until_ns}
    body["lon"] = body["lat"] = None
    if incident.easting is not None and incident.northing is not None:
        lon, lat = frame.to_lonlat(incident.easting, incident.northing)
        body["lon"], body["lat"] = round(float(lon), 7), round(float(lat), 7)
    return body


def outcome_dict(outcome: ActionOutcome, words: MessageCatalogue | None = None) -> dict[str, Any]:
    """The outcome of an action, as published; ``sentence`` is empty for one that was done."""
    words = words or MessageCatalogue.of()
    body: dict[str, Any] = msgspec.to_builtins(outcome)
    return body | {"sentence": "" if outcome.message is None else words.say(outcome.message)}
