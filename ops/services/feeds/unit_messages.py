"""What units receive besides alerts, on their channel ``updates``: incidents, digests, ends of gap fills, refusals."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from ingest import compact
from ops.services.feeds.feed import OutboxDelivery
from ops.store.reader import OutboxRow

MOST_ALERTS: Final = 20
"""Alerts of an incident that a message names, the newest."""


class UnitTracing(Struct, frozen=True, omit_defaults=True):
    """Goods found at a closed incident, as released to units; the compact form has no room for it."""

    goods: str
    hs_code: str = ""
    eccn: str = ""
    eu_list: str = ""
    item_marking: str = ""
    status: str = ""


class UnitIncident(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="incident"):
    """An incident, in one revision, for one unit.

    ``number`` rises by one for each message to the unit, alerts included. ``about``: ``distress``, ``movement``,
    ``activity`` or ``equipment``. ``lead`` is the most urgent open alert, ``alerts`` the newest ones. ``unit`` is the
    unit that it is assigned to, ``offered_unit`` the one that is asked to take it, ``owner`` the person who works on
    it. ``lon``, ``lat``: position of the lead alert, WGS 84, degrees. ``escalation``: 1 once it was escalated.
    ``tracing``: goods found, once the operations centre has released that.
    """

    number: int
    id: str
    revision: int
    name: str
    priority: str
    state: str
    sentence: str
    opened_at: datetime
    updated_at: datetime
    lead: str
    about: str = ""
    alerts: tuple[str, ...] = ()
    unit: str = ""
    offered_unit: str = ""
    owner: str = ""
    disposition: str = ""
    reason: str = ""
    section: str | None = None
    lon: float | None = None
    lat: float | None = None
    attention: bool = False
    escalation: int = 0
    marking: str = ""
    tracing: UnitTracing | None = None


class DigestEntry(Struct, frozen=True):
    """An alert that a digest names."""

    number: int
    id: str
    priority: str
    sentence: str


class Digest(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="digest"):
    """Summary of alerts and incidents that were suppressed by quiet hours or a limit.

    Their numbers are ``first`` to ``last``, which the unit may request; ``counts`` by priority; ``most_urgent``: the
    first of them."""

    at: datetime
    first: int
    last: int
    counts: dict[str, int]
    most_urgent: tuple[DigestEntry, ...] = ()


class GapFilled(Struct, frozen=True, tag_field="kind", tag="gap_filled"):
    """The end of the answer to a request: all that still matters with a number above ``after``, up to ``last``, was
    sent, ``sent`` messages. Numbers between them that the unit lacks were superseded, or may not be passed on any
    more."""

    after: int
    last: int
    sent: int


class RefusedReason(Struct, frozen=True, omit_defaults=True):
    """One reason: how many messages on ``channel`` were refused for it since the last notice, and when the newest.

    ``code`` names it for programs, ``sentence`` for people. ``answer``: the ``action_id`` of a refused answer, or
    ``UNIT.BOOT.SEQ`` for one without.
    """

    channel: str
    code: str
    count: int
    at: datetime
    sentence: str
    answer: str = ""


class RefusedNotice(Struct, frozen=True, tag_field="kind", tag="refused"):
    """Messages of the unit, or in its name, that were refused since the last notice, and why; answers first.

    ``count``: all of them, also those of reasons that had no room. ``sentence``: the first reason."""

    at: datetime
    count: int
    sentence: str
    reasons: tuple[RefusedReason, ...]


UnitUpdate = UnitIncident | Digest | GapFilled | RefusedNotice


def unit_incident(delivery: OutboxDelivery) -> UnitIncident:
    """The incident of an outbox row, which holds only what the receiver may have."""
    body: dict[str, Any] = msgspec.json.decode(delivery.row.body)
    known = {name: body[name] for name in UnitIncident.__struct_fields__ if body.get(name) is not None}
    known["alerts"] = known.get("alerts", [])[-MOST_ALERTS:]
    return msgspec.convert(
        {**known, "number": delivery.number, "about": body["kind"], "kind": "incident"}, UnitIncident
    )


class _Said(Struct):
    sentence: str = ""


def digest_entry(number: int, row: OutboxRow) -> DigestEntry:
    """The entry of a row in a digest."""
    return DigestEntry(number, row.alert, str(row.priority), msgspec.json.decode(row.body, type=_Said).sentence)


def with_number(schema: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an alert, with the number that it has in messages to units."""
    schema["$defs"]["Alert"]["properties"]["number"] = {
        "type": "integer",
        "minimum": 1,
        "description": "only in messages to a unit: rises by one for each message to it, incidents included, and is"
        " kept when a message is sent again",
    }
    return schema


def encoded(update: UnitUpdate) -> bytes:
    """The JSON of an update."""
    return msgspec.json.encode(update)


def compacted(update: UnitUpdate) -> bytes:
    """The map of an update in the compact form."""
    values: dict[str, Any] = {name: getattr(update, name) for name in update.__struct_fields__}
    match update:
        case UnitIncident():
            return compact.encode("incident", values)
        case Digest():
            return compact.encode("digest", values | {"ids": [one.id for one in update.most_urgent]})
        case GapFilled():
            return compact.encode("gap_filled", values)
        case RefusedNotice():
            return compact.encode("refused", values)
