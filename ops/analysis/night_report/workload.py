"""The alert workload of a period as figures for JSON and sentences for the report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from fusion.alerts import Workload

RECOMMENDED: Final = {"high": 0.05, "medium": 0.15, "low": 0.8}
"""Fractions of the priorities that EEMUA 191 and ISA-18.2 recommend, about."""


def workload_figures(workload: Workload | None) -> dict[str, Any] | None:
    """Return the workload for JSON, with its verdict; None as the verdict on less than ten minutes."""
    if workload is None:
        return None
    return asdict(workload) | {"verdict": None if _is_short(workload) else workload.verdict}


def workload_sentences(workload: Workload | None) -> list[str]:
    """State the workload beside the figures of EEMUA 191; one sentence where it is unknown."""
    if workload is None:
        return ["The alert workload is not known."]
    minutes = 60.0 * workload.hours
    period = f"{workload.hours:.1f} h" if minutes >= 120.0 else f"{minutes:.1f} min"
    load = f"Alert workload of one operator: {_counted(workload.raised, 'alert')} in {period}"
    if _is_short(workload):
        load += ". The verdict of EEMUA 191 is on alerts per 10 minutes; this period is shorter."
    else:
        load += (
            f", {workload.in_ten_minutes:.1f} per 10 minutes on average, {workload.busiest_ten_minutes} in the busiest "
            f"10 minutes. By EEMUA 191 the average is {workload.verdict}."
        )
    shares = ", ".join(
        f"{workload.shares[name]:.0%} {name} (recommended {share:.0%})" for name, share in RECOMMENDED.items()
    )
    defects = ", ".join(
        (
            _counted(workload.chattering, "chattering source"),
            _counted(workload.stale, "stale alert"),
            _counted(workload.duplicates, "duplicate alert"),
        )
    )
    by_priority = f"By priority: {shares}. " if any(workload.shares.values()) else ""
    return [load, f"{by_priority}Defects: {defects}."]


def _is_short(workload: Workload) -> bool:
    return 6.0 * workload.hours < 1.0


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
