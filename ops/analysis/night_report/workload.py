"""The alert workload of a period as figures for JSON and sentences for the report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from fusion.alerts import Workload

RECOMMENDED: Final = {"high": 0.05, "medium": 0.15, "low": 0.8}
"""Fractions of the priorities that EEMUA 191 and ISA-18.2 recommend, about."""


def workload_figures(workload: Workload | None) -> dict[str, Any] | None:
    """Return the workload for JSON, with its verdict."""
    return None if workload is None else asdict(workload) | {"verdict": workload.verdict}


def workload_sentences(workload: Workload | None) -> list[str]:
    """State the workload beside the figures of EEMUA 191; one sentence where it is unknown."""
    if workload is None:
        return ["The alert workload is not known."]
    minutes = 60.0 * workload.hours
    period = f"{workload.hours:.1f} h" if minutes >= 120.0 else f"{minutes:.1f} min"
    short = " The period is shorter than 10 minutes, so the average is an extrapolation." if minutes < 10.0 else ""
    load = (
        f"Alert workload of one operator: {_counted(workload.raised, 'alert')} in {period}, "
        f"{workload.in_ten_minutes:.1f} per 10 minutes on average, {workload.busiest_ten_minutes} in the busiest "
        f"10 minutes. By EEMUA 191 the average is {workload.verdict}.{short}"
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


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
