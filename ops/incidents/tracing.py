"""Goods found at an incident and the request to trace them: codes, their formats, and the state of the request. Pure.

Codes are checked here by their form: those of the Harmonized System of the WCO, the Commerce Control List of the United
States (15 CFR part 774), and Annex I of Regulation (EU) 2021/821. The lists, which change every year, are those of
``goods_codes``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from geo.message import Message

GOODS: Final = ("arms", "dual_use", "cbrn")
"""What was found: arms and ammunition, other dual-use goods, chemical, biological, radiological or nuclear material."""
TRACE_STATES: Final = ("requested", "answered", "no_record", "closed")
"""States of a trace request; a person may set any of them, because a state may have been entered by mistake."""
OF_KINDS: Final = ("distress", "movement")
"""Kinds of incidents at which goods can be found."""
WITH_GOODS: Final = ("apprehended", "turn_back", "got_away", "rescue", "lost")
"""Dispositions with which goods can be stated: the others say that nothing of importance was there."""
RESERVED_CHAPTER: Final = 77
LAST_CHAPTER: Final = 97
"""Chapters 98 and 99 are for national use; 77 is reserved."""
NOT_CONTROLLED: Final = "EAR99"
"""The classification of the United States for goods that are on no list."""
_CONTROLLED: Final = re.compile(r"(?P<entry>[0-9][A-E][0-9]{3})(?P<paragraphs>(?:\.[A-Za-z0-9]{1,3}){0,6})", re.ASCII)
_SIX_DIGITS: Final = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tracing:
    """Goods that were found, and the request to trace them.

    ``hs_code``: subheading of the Harmonized System; ``eccn``: export control classification number; ``eu_list``:
    number of the EU dual-use list; ``item_marking``: marking or serial number on the item. ``authority`` received the
    request at ``sent_at`` under ``reference``; ``status`` is one of TRACE_STATES, all four empty where nothing was
    requested. ``released``: whether field units and other receivers may have it. ``by``, ``at``, ``revision``: who
    stated it, when, and in which revision of the incident.
    """

    goods: str
    hs_code: str = ""
    eccn: str = ""
    eu_list: str = ""
    item_marking: str = ""
    authority: str = ""
    sent_at: datetime | None = None
    reference: str = ""
    status: str = ""
    released: bool = False
    by: str = ""
    at: datetime | None = None
    revision: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is expected of a request."""
        return self.status == "closed"


class WrongTracing(Exception):
    """An invalid field of a tracing record; ``message`` states the field, what was given and what is expected."""

    def __init__(self, field: str, given: str, rule: str = "") -> None:
        self.message = Message("incident-refused-tracing", {"field": field, "given": given, "rule": rule or field})
        super().__init__(f"{field}: {given!r}")


def checked(stated: Tracing, *, opened_at: datetime, at: datetime) -> Tracing:
    """Return the record with its codes as the lists print them.

    Parameters
    ----------
    stated : Tracing
        The record as a person stated it.
    opened_at : datetime, UTC
        When the incident was opened: a request cannot have been sent before.
    at : datetime, UTC
        When the journal received it: a request cannot have been sent after.

    Raises
    ------
    WrongTracing
        For the first field that is invalid.
    """
    if stated.goods not in GOODS:
        raise WrongTracing("goods", stated.goods)
    codes = replace(
        stated,
        hs_code=hs_subheading(stated.hs_code),
        eccn=control_number(stated.eccn, "eccn"),
        eu_list=control_number(stated.eu_list, "eu_list"),
        **{name: getattr(stated, name).strip() for name in ("item_marking", "authority", "reference")},
    )
    _check_request(codes, opened_at, at)
    return codes


def hs_subheading(text: str) -> str:
    """Return six digits of the Harmonized System; dots and spaces between them are left out. Raises WrongTracing."""
    if not text.strip():
        return ""
    digits = re.sub(r"[. ]", "", text)
    if not _SIX_DIGITS.fullmatch(digits):
        raise WrongTracing("hs_code", text)
    chapter, heading = int(digits[:2]), int(digits[2:4])
    if not 1 <= chapter <= LAST_CHAPTER or chapter == RESERVED_CHAPTER or heading == 0:
        raise WrongTracing("hs_code", text)
    return digits


def control_number(text: str, field: str) -> str:
    """Return a number of a list of controlled goods, such as ``6A003.b.4``: category 0–9, product group A–E, three
    digits, and paragraphs; for the list of the United States also EAR99. Raises WrongTracing."""
    given = text.strip()
    if not given or (field == "eccn" and given.upper() == NOT_CONTROLLED):
        return given.upper()
    match = _CONTROLLED.fullmatch(given[:5].upper() + given[5:])
    if match is None:
        raise WrongTracing(field, text)
    return match["entry"] + match["paragraphs"].lower()


def _check_request(stated: Tracing, opened_at: datetime, at: datetime) -> None:
    """Refuse a request without its authority, time or state, and one that was sent before the incident or later."""
    if not (stated.status or stated.authority or stated.reference or stated.sent_at):
        return
    if stated.status not in TRACE_STATES:
        raise WrongTracing("status", stated.status)
    if not stated.authority:
        raise WrongTracing("authority", "")
    if stated.sent_at is None:
        raise WrongTracing("sent_at", "", "sent_at_missing")
    if not opened_at.replace(second=0, microsecond=0) <= stated.sent_at <= at:  # people state whole minutes
        raise WrongTracing("sent_at", stated.sent_at.isoformat(timespec="minutes"))
