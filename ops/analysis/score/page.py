"""The scorecard as a page that opens without a network and prints on paper; it fetches nothing and runs no script."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from geo.message import Message, Parameter
from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.messages import amount, as_recorded, plain
from ops.analysis.score.line import LineEvidence, Scorecard, ScorecardLine, said
from ops.analysis.score.summary import COLUMNS as SUMMARY_COLUMNS
from ops.analysis.score.summary import MOST_MISSING, is_summarised, summary_of
from ops.drawing.pages.html_page import ServedPage, render_page
from ops.runtime.output import atomic_write, catalogue, say

TEMPLATE = Path(__file__).with_name("page.html.j2")

LIMITS: Final = ("families", "rates", "events", "trend", "empty")
COLUMNS: Final = ("indicator", "place", "value", "of", "trend", "target", "distance", "source")
EVIDENCE: Final = ("period", "value", "source", "origin")
HASH_SIGNS: Final = 12
"""Hexadecimal digits of a hash that the page shows; the JSON has all 64."""
MOST_RECORDS: Final = 60
"""Records of a line that the page shows, the newest first."""


def write_scorecard(
    path: Path,
    card: Scorecard,
    *,
    subject: str,
    plan: str | None = None,
    notices: Sequence[str] = (),
    marking: str = "",
) -> None:
    """Write ``scorecard_page`` atomically."""
    page = scorecard_page(card, subject=subject, plan=plan, notices=notices, marking=marking)
    with atomic_write(path) as partial:
        partial.write_text(page, encoding="utf-8")


def scorecard_page(
    card: Scorecard,
    *,
    subject: str,
    plan: str | None = None,
    notices: Sequence[str] = (),
    served: ServedPage | None = None,
    address_of: Callable[[str], str] | None = None,
    marking: str = "",
) -> str:
    """Lay out a scorecard in the language of this process; the same scorecard gives the same text.

    Parameters
    ----------
    card : Scorecard
        The scorecard.
    subject : str
        Place or sector that the title names.
    plan : str, optional
        Address of the page of the National Action Plan.
    notices : sequence of str
        Sentences above the families, after that on illustrative records.
    served : ServedPage, optional
        Menu of a page of the server; a file has none.
    address_of : callable, optional
        Address of the scorecard of a place, to which a summary of all places leads.
    marking : str
        Marking at head and foot and on every printed sheet; empty: none.
    """
    summarised = is_summarised(card)
    shown = {family: [] if summarised else card.lines[family] for family in FAMILIES}
    rows = {family: [row_of(line, card.day) for line in shown[family]] for family in FAMILIES}
    places = sorted({line.place for found in card.lines.values() for line in found}) if summarised else []
    page = {
        "title": say("score-title", subject=subject),
        "answer": [say(one) for one in answer_of(card)],
        "about": say("score-about", **card.days),
        "evidence_columns": [say(f"score-column-{name}") for name in EVIDENCE],
        "columns": [say(f"score-column-{name}") for name in COLUMNS],
        "families": [
            {
                "title": say("score-family", family=family),
                "rows": rows[family],
                "records": _records(rows[family]),
                "summary": [one.cells() for one in summary_of(card.lines[family])] if summarised else [],
                "missing": missing_of(card, family),
            }
            for family in FAMILIES
        ],
        "summary_columns": [say(f"score-column-{name}") for name in SUMMARY_COLUMNS],
        "places": [(place, address_of(place)) for place in places] if address_of is not None else [],
        "notices": [*([say("score-illustrative")] if card.illustrative else []), *summary_notices(card), *notices],
        "plan": plan,
        "limits": [say(f"score-limit-{name}") for name in LIMITS],
        "colophon": say("score-colophon", version=version("watchline")),
    }
    return render_page(TEMPLATE, page=page, served=served, marking=marking)


def summary_notices(card: Scorecard) -> list[str]:
    """Say that a scorecard is shown by indicator; nothing for one that is shown line by line."""
    if not is_summarised(card):
        return []
    lines = sum(map(len, card.lines.values()))
    return [say("score-summary-notice", lines=lines), *([say("score-summary-newest")] if card.newest_only else [])]


def missing_of(card: Scorecard, family: str) -> list[str]:
    """Say which data of a family are missing, the first ones beside a summary."""
    messages = card.missing[family]
    kept = messages[:MOST_MISSING] if is_summarised(card) else messages
    more = len(messages) - len(kept)
    return [*(say(message) for message in kept), *([say("score-summary-missing", count=more)] if more else [])]


def answer_of(card: Scorecard) -> list[Message]:
    """How many targets are met and missed, and what is not known."""
    verdicts = Counter(line.verdict for family in FAMILIES for line in card.lines[family])
    counts: dict[str, Parameter] = {
        "met": verdicts["met"],
        "missed": verdicts["not_met"],
        "open": verdicts["no_target"] + verdicts["no_direction"],
        "unknown": verdicts["unknown"],
        "lines": verdicts.total(),
        "missing": sum(len(card.missing[family]) for family in FAMILIES),
    }
    return [Message("score-answer", counts), Message("score-answer-unknown", counts)]


def anchor_of(line: ScorecardLine) -> str:
    """Name of the row of a line in the page, for links."""
    return "r" + blake2b("\0".join((line.family, line.key, line.place)).encode(), digest_size=6).hexdigest()


def row_of(line: ScorecardLine, today: date | None = None) -> dict[str, Any]:
    """Format one line for a table, in the language of this process; with its age where ``today`` is given."""
    spark, last = sparkline(line.comparable)
    trend = say("score-direction", direction=line.direction)
    if not math.isnan(line.trend) and not line.by_chance:
        trend = say("score-trend-rate", direction=trend, rate=figure(line.trend, line.unit))
    interval = said(line.interval, say)
    if not math.isnan(line.low):
        ends = {"low": plain(line.low), "high": plain(line.high)}
        interval = say("score-interval", **ends, method=interval)
    counted = not math.isnan(line.denominator) and not math.isnan(line.numerator)
    dated = say("score-dated", date=line.day.isoformat())
    if line.begins is not None:
        dated = say("score-dated-period", start=line.begins.isoformat(), end=line.day.isoformat())
    if line.confidence:
        dated = say("score-dated-confidence", date=line.day.isoformat(), confidence=line.confidence)
    return {
        "anchor": anchor_of(line),
        "age": "" if today is None else _age(line, today),
        "stale": today is not None and line.is_stale(today),
        "evidence": [
            (one.period, said(one.value, say), said(one.source, say), _origin(one))
            for one in line.evidence[:MOST_RECORDS]
        ],
        "more": max(len(line.evidence) - MOST_RECORDS, 0),
        "name": said(line.name, say),
        "place": line.place,
        "value": figure(line.value, line.unit, line.target),
        "interval": interval,
        "fraction": say("score-fraction", part=_count(line.numerator), whole=_count(line.denominator))
        if counted
        else plain(math.nan),
        "note": "; ".join(said(note, say) for note in line.notes),
        "spark": spark,
        "last": last,
        "trend": trend,
        "target": figure(line.target, line.unit, line.value) if not math.isnan(line.target) else say("score-none"),
        "distance": as_recorded(line.distance),
        "verdict": say("score-verdict", verdict=line.verdict),
        "source": said(line.source, say),
        "date": dated,
    }


def _origin(one: LineEvidence) -> str:
    """Where a record was read, with the beginning of the hash of its file."""
    origin = said(one.origin, say)
    return say("score-origin-hash", origin=origin, hash=one.sha256[:HASH_SIGNS]) if one.sha256 else origin


def _records(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of each row; once for rows with the same records, such as the rates of the same counts."""
    groups: list[dict[str, Any]] = []
    for row in rows:
        if groups and row["place"] == groups[-1]["place"] and row["evidence"] == groups[-1]["evidence"]:
            groups[-1]["names"].append(row["name"])
        elif row["evidence"]:
            kept = {name: row[name] for name in ("place", "evidence", "more")}
            groups.append({"names": [row["name"]], **kept})
    for group in groups:
        group["name"] = catalogue().formats.names(group["names"])
    return groups


def _age(line: ScorecardLine, today: date) -> str:
    days = (today - line.day).days
    if line.update_days is None:
        return say("score-age", days=days)
    return say("score-age-expected", days=days, expected=line.update_days)


def figure(value: float, unit: str, other: float | None = None) -> str:
    """Format a number with its unit, with as many digits as part it from ``other``."""
    return say("score-unknown") if math.isnan(value) else amount(value, unit, other)


def _count(value: float) -> str:
    """Format a count exactly; weighted counts, which are not whole, with four significant digits."""
    return catalogue().formats.number(value, 0) if value.is_integer() else plain(value)


def sparkline(history: Sequence[tuple[Any, float]]) -> tuple[str, tuple[str, str]]:
    """Return the points of a small line over time, and the last of them; empty with fewer than two values."""
    if len(history) < 2:
        return "", ("", "")
    days = [day.toordinal() for day, _ in history]
    values = [value for _, value in history]
    low, high = min(values), max(values)
    points = [
        (
            f"{2.0 + 94.0 * (day - days[0]) / max(days[-1] - days[0], 1):.1f}",
            f"{21.0 - 18.0 * ((value - low) / (high - low) if high > low else 0.5):.1f}",
        )
        for day, value in zip(days, values, strict=True)
    ]
    return " ".join(",".join(point) for point in points), points[-1]
