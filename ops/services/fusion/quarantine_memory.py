"""Whom ingest's quarantine cut off, as the journal tells it: for the map, the alerts and the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ops.journal.events import CutOff

GONE_AFTER_NS: Final = 30 * 10**9
"""A fault that has not been found for so long is over."""


class CutOffRecord(msgspec.Struct):
    """Of one source: how often it was cut off, messages that were shed meanwhile, and until when it still is."""

    times: int = 0
    shed: int = 0
    proven: bool = True
    until_ns: int = 0


def take(held: dict[str, CutOffRecord], source: str, event: CutOff, at_ns: int) -> None:
    """Note an event of that time, in place."""
    known = held.setdefault(source, CutOffRecord())
    known.proven = event.proven
    if event.until_ns is None:
        known.until_ns, known.shed = min(known.until_ns, at_ns), known.shed + event.shed
    else:
        known.until_ns, known.times = event.until_ns, known.times + 1


def faults_of(held: Mapping[str, CutOffRecord], now_ns: int) -> dict[str, dict[str, str]]:
    """By source that is cut off, or was a moment ago: ``flooding`` or ``impersonated``, and what that means.

    Who goes on is let in and cut off again and again; that is one fault, over when it has been well for GONE_AFTER_NS.
    """
    return {
        source: {"flooding": "it sends too much that nobody can use; ingest does not read it for a while"}
        if found.proven
        else {"impersonated": "somebody writes under its name without its key; what it signs itself is read"}
        for source, found in held.items()
        if found.until_ns > now_ns - GONE_AFTER_NS
    }
