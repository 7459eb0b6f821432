"""A report from the form of the page: the fields of all reports, and the attributes of its subject."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from geo.errors import BadInput
from ops.eurosur.attributes import Attribute, AttributeValue, check_value, subjects, time_of
from ops.eurosur.report import Report, report_of
from ops.releasability.decision import UNMARKED

_PART: Final = re.compile(r"(.*[^\s=:])[ =:\u00a0]+([0-9]{1,9})")
"""One part of a count: its name, and its number. A name ends in no sign that may stand between them: where each could
be either, a long text would be tried in every way, and hold up the whole server."""


def field_name(sublayer: str, attribute: str) -> str:
    """The name of the field of an attribute; a form has those of every subject."""
    return f"{sublayer}.{attribute}"


def as_entered(attribute: Attribute, value: AttributeValue | None) -> str:
    """A stated value as a person enters it."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    if attribute.kind == "time":
        at = time_of(str(value))
        return "" if at is None else f"{at:%Y-%m-%dT%H:%M}"
    return str(value)


def report_of_form(text: Mapping[str, str], identity: str, now: datetime, before: Report | None) -> Report:
    """The report of a form. BadInput names the field that cannot be used."""
    fields: dict[str, Any] = {
        "id": identity,
        "known_at": _time(text, "known_at") or now,
        "source": text.get("source", ""),
        "reliability": text.get("reliability", ""),
        "credibility": _whole(text, "credibility"),
        "text": text.get("text", ""),
        "supported_by": _names(text, "supported_by"),
        "related": _names(text, "related"),
        "reaction": text.get("reaction", ""),
        "validation": "validated" if "validated" in text else "not_validated",
    }
    if before is None:
        layer, _, sublayer = text.get("sublayer", "").partition("/")
        fields |= {
            "layer": layer,
            "sublayer": sublayer,
            "occurred_from": _time(text, "occurred_from"),
            "occurred_to": _time(text, "occurred_to"),
            "lon": _number(text, "lon"),
            "lat": _number(text, "lat"),
            "section": text.get("section", ""),
            "impact": text.get("impact", ""),
            "urgent": "urgent" in text,
            "incident": text.get("incident", ""),
            "marking": text.get("marking", UNMARKED),
        }
    else:
        layer, sublayer = before.layer, before.sublayer
        kept = ("layer", "sublayer", "occurred_from", "occurred_to", "lon", "lat", "section", "urgent",
                "incident", "marking")  # fmt: skip
        fields |= {name: getattr(before, name) for name in kept}
        known = "very_high" if before.impact == "critical" else before.impact  # as earlier versions judged events
        fields["impact"] = text.get("impact", known)
        fields |= {"follows": before.id, "status": text.get("status", "open")}
    stated = {} if before is None else dict(before.details)
    fields["details"] = stated | _details(text, layer, sublayer, stated)
    fields["details"] = {name: value for name, value in fields["details"].items() if value is not None}
    try:
        return report_of(fields)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        raise BadInput(what[:200], where=where.strip("`$.") or "report", expected="a value of the list") from None


def _details(
    text: Mapping[str, str], layer: str, sublayer: str, stated: Mapping[str, Any]
) -> dict[str, AttributeValue | None]:
    """The attributes of the form; None for one that is emptied there."""
    subject = subjects().get(layer, {}).get(sublayer)
    found: dict[str, AttributeValue | None] = {}
    for name, attribute in ({} if subject is None else subject.attributes).items():
        entered = text.get(field_name(sublayer, name))
        if entered is None or entered == as_entered(attribute, stated.get(name)):
            continue  # as it was: a time keeps its seconds
        found[name] = _value(name, attribute, entered) if entered else None
    return found


def _value(name: str, attribute: Attribute, entered: str) -> AttributeValue:
    """The value of a field. BadInput names the attribute."""
    value: Any = entered
    if attribute.kind == "count" and entered.isascii() and entered.isdigit() and len(entered) < 12:
        value = int(entered)
    elif attribute.kind == "number":
        try:
            value = float(entered.replace(",", "."))
        except ValueError:
            value = entered
    elif attribute.kind in ("countries", "parts"):
        parts = [_PART.fullmatch(part.strip()) for part in entered.split(",")]
        names = [part[1] for part in parts if part]
        value = {part[1]: int(part[2]) for part in parts if part} if len(set(names)) == len(parts) else entered
    elif attribute.kind == "time":
        stated = _moment(entered)
        at = None if stated is None else time_of(stated.isoformat())
        value = entered if at is None else at.isoformat().replace("+00:00", "Z")
    check_value(name, attribute, value)
    checked: AttributeValue = value
    return checked


def _names(text: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(text.get(name, "").replace(",", " ").split())


def _moment(stated: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(stated)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _time(text: Mapping[str, str], name: str) -> datetime | None:
    stated = text.get(name, "")
    if not stated:
        return None
    at = _moment(stated)
    if at is None:
        raise BadInput(f"{stated[:30]!r}", where=name, expected="a time such as 2026-03-14T21:07, UTC")
    return at


def _number(text: Mapping[str, str], name: str) -> float | None:
    stated = text.get(name, "").replace(",", ".")
    if not stated:
        return None
    try:
        return float(stated)
    except ValueError:
        raise BadInput(f"{stated[:30]!r}", where=name, expected="degrees such as 33.1042") from None


def _whole(text: Mapping[str, str], name: str) -> int:
    stated = text.get(name, "")
    if not (stated.isascii() and stated.isdigit() and len(stated) == 1):
        raise BadInput(f"{stated[:30]!r}", where=name, expected="a whole number from 1 to 6")
    return int(stated)
