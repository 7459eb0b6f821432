"""The alert workload of a period as figures for JSON and sentences for the report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from fusion.alerts import Workload
from ops.runtime.output import say

PRIORITIES: Final = ("high", "medium", "low")
"""Priorities for which EEMUA 191 and ISA-18.2 recommend fractions of about 5, 15 and 80%."""


def workload_figures(workload: Workload | None) -> dict[str, Any] | None:
    """Return the workload for JSON, with its verdict; the verdict is None for less than ten minutes."""
    if workload is None:
        return None
    return asdict(workload) | {"verdict": None if _is_short(workload) else workload.verdict}


def workload_sentences(workload: Workload | None) -> list[str]:
    """State the workload beside the figures of EEMUA 191; one sentence where it is unknown."""
    if workload is None:
        return [say("shift-workload-unknown")]
    length = 3600.0 * workload.hours
    if _is_short(workload):
        sentences = [say("shift-workload-short", raised=workload.raised, length=length)]
    else:
        load = {"mean": workload.in_ten_minutes, "busiest": workload.busiest_ten_minutes}
        rated = {"raised": workload.raised, "length": length, "verdict": workload.verdict}
        sentences = [say("shift-workload", **rated, **load)]
    if any(workload.shares.values()):
        sentences.append(say("shift-workload-priorities", **{name: workload.shares[name] for name in PRIORITIES}))
    defects = {"chattering": workload.chattering, "stale": workload.stale, "duplicates": workload.duplicates}
    return [*sentences, say("shift-workload-defects", **defects)]


def _is_short(workload: Workload) -> bool:
    return 6.0 * workload.hours < 1.0
