"""What a field unit sees: its incidents in its order, its outcomes, and the positions of other units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from geo.message import Message
from ops.field.devices import UnitAnswer
from ops.services.api.release import ReleasedView
from ops.store.incidents import IncidentReader
from ops.store.rows import rfc3339
from sensors.timestamps import SECOND_NS, nanoseconds

if TYPE_CHECKING:
    from ops.words import MessageCatalogue

KINDS: Final = ("distress", "movement")
"""Incidents that every unit sees; of other kinds it sees those that it is assigned to, or that are offered to it."""
LATE_S: Final = 60.0
"""An answer that was given longer ago than this is said to be late."""
AHEAD_S: Final = 60.0
"""A device's clock that is ahead by more than this is said to be."""
BEHIND_S: Final = 240.0
"""The same for one that is behind: answers may have been on their way for minutes, over a link of 1.2 kbit/s."""


def incidents_of(reader: IncidentReader, view: ReleasedView, unit: str) -> tuple[int, list[dict[str, Any]]]:
    """The number of this state, and the incidents that are not closed and that the unit may see, with their lead alert.

    The lead alert is under ``lead_alert``, None where the unit may not have it.
    """
    last, rows = reader.incidents(closed=False, hidden=partial(view.hidden, "incident"))
    found = []
    for row in view.incidents(rows):
        incident: dict[str, Any] = msgspec.json.decode(row.body)
        if _concerns(incident, unit):
            incident["lead_alert"] = None if row.lead is None else msgspec.json.decode(row.lead)
            found.append(incident)
    return view.number(last), found


def closed_lead(reader: IncidentReader, view: ReleasedView, unit: str, incident: str) -> str | None:
    """The lead alert of a closed incident that the unit saw while it was open; None for any other."""
    row = reader.incident(incident)
    for shown in view.incidents([] if row is None else [row]):
        found: dict[str, Any] = msgspec.json.decode(shown.body)
        if found["state"] == "closed" and _concerns(found, unit):
            return str(found["lead"])
    return None


def _concerns(incident: Mapping[str, Any], unit: str) -> bool:
    return incident["kind"] in KINDS or unit in (incident["unit"], incident.get("offered_unit", ""))


def field_incident(incident: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """An incident as a unit sees it, without its reach."""
    lead = incident["lead_alert"] or {}
    return {
        "id": incident["id"],
        "name": incident["name"],
        "kind": incident["kind"],
        "priority": incident["priority"],
        "state": incident["state"],
        "revision": incident["revision"],
        "sentence": incident["sentence"],
        "detail_sentences": list(lead.get("detail_sentences") or ()),
        "lon": incident["lon"],
        "lat": incident["lat"],
        "position_sd_m": lead.get("position_sd_m"),
        "observed_at": lead.get("observed_at"),
        "raised_at": incident["opened_at"],
        "updated_at": incident["updated_at"],
        "alert": incident["lead"],
        "assigned_unit": incident["unit"],
        "assigned": incident["unit"] == unit,
        "offered": incident.get("offered_unit", "") == unit,
        "received_at": incident["received_at"],
        "owner": incident["owner"],
        "attention": incident["attention"],
        "class_label": incident["class_label"],
        "section": incident["section"],
        "marking": incident.get("marking", ""),
        "caller": incident.get("calling_unit", ""),
        "reach": None,
    }


def outcomes_of(
    reader: IncidentReader, view: ReleasedView, unit: str, answers: Sequence[UnitAnswer], words: MessageCatalogue
) -> list[dict[str, Any]]:
    """The outcomes of a unit's answers. Of an incident that it may no longer have, they state nothing."""
    view.refresh()
    return [_outcome(answer, reader.outcome(answer.action_id), view, unit, words) for answer in answers]


def _outcome(
    answer: UnitAnswer, stored: bytes | None, view: ReleasedView, unit: str, words: MessageCatalogue
) -> dict[str, Any]:
    body: dict[str, Any] = {"action_id": answer.action_id, "incident": answer.incident, "action": answer.action}
    if stored is None:
        return body | {"outcome": "waiting", "sentence": ""}
    found = msgspec.json.decode(stored)
    if (found["incident"], found["action"], found["unit"]) != (answer.incident, answer.action, unit):
        return body | {"outcome": "refused", "sentence": words.say(Message("unit-id-used"))}
    if not view.shows("incident", answer.incident):
        return body | {"outcome": found["result"], "sentence": words.say(Message("unit-no-incident"))}
    sentences = [found["sentence"]] if found["sentence"] else []
    if answer.late_s > LATE_S:
        sentences.append(words.say(Message("unit-late", {"seconds": round(answer.late_s)})))
    if not -BEHIND_S <= answer.ahead_s <= AHEAD_S:
        which = "ahead" if answer.ahead_s > 0 else "behind"
        sentences.append(words.say(Message("unit-clock", {"seconds": round(abs(answer.ahead_s)), "which": which})))
    return body | {"outcome": found["result"], "sentence": " ".join(sentences)}


def own_unit(forces: Mapping[str, Any], unit: str) -> Mapping[str, Any] | None:
    """The unit's own entry in the picture of own forces; None before it sent a position."""
    return next((one for one in forces["units"] if one["unit"] == unit), None)


def own_position(own: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The unit's last known position."""
    if own is None:
        return None
    return {
        "lon": own["lon"],
        "lat": own["lat"],
        "position_sd_m": own["position_sd_m"],
        "observed_at": rfc3339(own["observed_ns"]),
        "distress": own["distress_ns"] is not None,
    }


def other_units(forces: Mapping[str, Any], unit: str) -> list[dict[str, Any]]:
    """Last known positions of the other units."""
    return [
        {"unit": one["unit"], "lon": one["lon"], "lat": one["lat"], "observed_at": rfc3339(one["observed_ns"])}
        for one in forces["units"]
        if one["unit"] != unit
    ]


def given_at_ns(at: datetime, sent_at: datetime | None, now_ns: int, oldest_s: float) -> tuple[int, float, float]:
    """When something was given, by the server's clock [UTC ns]; how long ago [s]; and how far the device is ahead [s].

    With the time at which the device sends it, its clock need not be right: only the time between counts. Without that,
    a time in the future counts as now, and the clock as ahead by as much. At most ``oldest_s`` ago.
    """
    at_ns = nanoseconds(at)
    if sent_at is None:
        ahead_s = max(0.0, (at_ns - now_ns) / SECOND_NS)
        ago_s = max(0.0, (now_ns - at_ns) / SECOND_NS)
    else:
        ahead_s = (nanoseconds(sent_at) - now_ns) / SECOND_NS
        ago_s = max(0.0, (nanoseconds(sent_at) - at_ns) / SECOND_NS)
    ago_s = min(ago_s, oldest_s)
    return now_ns - round(ago_s * SECOND_NS), ago_s, ahead_s
