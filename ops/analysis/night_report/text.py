"""Texts and figures of the report, as plain values that the template escapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.errors import BadInput
from ops.analysis.night_report.hidden_share import HiddenShare

RECEIPTS = ("received", "journaled", "duplicate", "dead_lettered", "shed")
ALERTS_SHOWN = 200
UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class HeadlineFigure:
    """One headline figure with its explanation; mood is "", "good" or "bad"."""

    label: str
    value: str
    why: str
    unit: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class ConservationCheck:
    """One conservation law with its numbers; ``holds`` is None where a side of it is unknown."""

    verdict: str
    sentence: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class CountRow:
    """Counts of one sensor, in the order of RECEIPTS after published, and whether both laws hold for it."""

    sensor: str
    figures: tuple[str, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert as a sentence, with its time in UTC and local time."""

    iso: str
    utc: str
    local: str
    sentence: str
    priority: str
    status: str
    mood: str
    segment: str
    track: str


def clean(text: object) -> str:
    """Return text that is valid in a file and a page: lone surrogates and control characters become U+FFFD."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in str(text))


def moment_of(value: datetime | str, *, where: str) -> datetime:
    """Return an aware UTC datetime from one, or from RFC 3339 text; BadInput for a naive or invalid one."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise BadInput(f"{clean(value)[:40]!r} is no time", where=where, expected="RFC 3339 with an offset")
    return moment.astimezone(UTC)


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of that name; BadInput for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(
            f"{clean(name)!r} is not kept", where="time_zone", expected="a name like 'Europe/Nicosia'"
        ) from None


def period_words(started: datetime, ended: datetime, zone: ZoneInfo) -> str:
    """State start and end in UTC and local time, each with its offset from UTC, and the duration.

    A day is stated where it is not that of the start in UTC.
    """
    first, last = started.astimezone(UTC), ended.astimezone(UTC)
    seconds = (last - first).total_seconds()
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    length = f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
    utc = f"{first:%H:%M:%S}–{_day(last, first)}{last:%H:%M:%S} UTC"
    local = "–".join(
        f"{_day(moment, first)}{moment:%H:%M:%S} {_zone_words(moment)}"
        for moment in (first.astimezone(zone), last.astimezone(zone))
    )
    return f"{first:%A %d %B %Y}, {utc} ({local} local), {length}"


def _day(moment: datetime, first: datetime) -> str:
    """The day of a time, if its date is another than that of ``first``."""
    return "" if moment.date() == first.date() else f"{moment:%d %B} "


def _zone_words(moment: datetime) -> str:
    """The zone in force at a local time with its offset, "CEST (UTC+02:00)"; only the offset where it has no name."""
    offset = f"UTC{moment.isoformat()[-6:]}"
    name = moment.tzname() or ""
    return f"{name} ({offset})" if name.isalpha() and name != "UTC" else offset


def alert_rows(alerts: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> list[AlertRow]:
    """Return alerts in the order they were raised. Needs id, raised_at and sentence; other keys are optional."""
    rows = []
    for alert in alerts:
        where = f"alert {clean(alert.get('id'))[:80]!r}"
        for key in ("id", "raised_at", "sentence"):
            if alert.get(key) is None:
                raise BadInput(f"no {key}", where=where, expected="id, raised_at and sentence")
        moment = moment_of(alert["raised_at"], where=where)
        priority = clean(alert.get("priority", "")) or "no priority"
        segment = alert.get("segment")
        rows.append(
            AlertRow(
                iso=f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
                utc=f"{moment:%H:%M:%S} UTC",
                local=f"{moment.astimezone(zone):%H:%M:%S %Z}",
                sentence=clean(alert["sentence"]),
                priority=priority,
                status=clean(alert.get("status", "")),
                mood="high" if priority in ("high", "distress") else "",
                segment="" if segment is None or int(segment) < 0 else str(int(segment)),
                track=clean(alert.get("track") or ""),
            )
        )
    return sorted(rows, key=lambda row: row.iso)


def identities(counts: Mapping[str, Mapping[str, int]]) -> tuple[ConservationCheck, ConservationCheck]:
    """Check both conservation laws over all sensors, with their numbers written out."""
    total = summed(counts)
    left, right = total["received"], [total[name] for name in RECEIPTS[1:]]
    receipts = ConservationCheck(
        _verdict(left == sum(right)),
        f"Receipts: {left:,} received = {right[0]:,} journaled + {right[1]:,} duplicate + {right[2]:,} dead-lettered "
        f"+ {right[3]:,} shed.",
        left == sum(right),
    )
    if "published" not in total:
        return receipts, ConservationCheck("Not checked.", "Messages: the senders' own count is not known here.", None)
    unique = [total["journaled"], total["dead_lettered_unique"], total["shed_unique"]]
    holds = total["published"] == sum(unique)
    sentence = (
        f"Messages: {total['published']:,} published = {unique[0]:,} journaled + {unique[1]:,} dead-lettered "
        f"+ {unique[2]:,} shed, each counted once however often it arrived."
    )
    return receipts, ConservationCheck(_verdict(holds), sentence, holds)


def summed(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Sum over sensors; published only where every sensor has it. Unique counts default to the receipts' counts."""
    total = dict.fromkeys((*RECEIPTS, "dead_lettered_unique", "shed_unique"), 0)
    for sensor, figures in counts.items():
        for name in RECEIPTS:
            if name not in figures:
                raise BadInput(f"no {name!r}", where=f"counts of {clean(sensor)!r}", expected=", ".join(RECEIPTS))
            total[name] += int(figures[name])
        for name in ("dead_lettered", "shed"):
            total[f"{name}_unique"] += int(figures.get(f"{name}_unique", figures[name]))
    if counts and all("published" in figures for figures in counts.values()):
        total["published"] = sum(int(figures["published"]) for figures in counts.values())
    return total


def count_rows(counts: Mapping[str, Mapping[str, int]]) -> tuple[list[CountRow], CountRow]:
    """Return one row per sensor in alphabetical order, and the totals."""
    rows = [
        _count_row(clean(sensor) or "(no known sensor)", {sensor: figures})
        for sensor, figures in sorted(counts.items())
    ]
    return rows, _count_row("", counts)


def _count_row(name: str, counts: Mapping[str, Mapping[str, int]]) -> CountRow:
    total = summed(counts)
    published = f"{total['published']:,}" if "published" in total else "–"
    laws = identities(counts)
    figures = (published, *(f"{total[key]:,}" for key in RECEIPTS))
    return CountRow(name, figures, all(law.holds is not False for law in laws))


def _verdict(holds: bool) -> str:
    return "Adds up." if holds else "Does not add up."


def tiles(
    *,
    alerts: Sequence[Mapping[str, Any]],
    confirmed: int,
    counts: Mapping[str, Mapping[str, int]],
    gospa: xr.Dataset | None,
    covered_mean_m: float | None,
    latencies_ms: Floats,
    hidden: HiddenShare | None,
) -> list[HeadlineFigure]:
    """Return the headline figures, most important first."""
    laws = identities(counts)
    broken = any(law.holds is False for law in laws)
    high = sum(1 for alert in alerts if alert.get("priority") in ("high", "distress"))
    total = summed(counts)
    return [
        HeadlineFigure(
            "Alerts", f"{len(alerts):,}", f"{high:,} of high priority, from {confirmed:,} confirmed tracks."
        ),
        HeadlineFigure(
            "Messages accounted for",
            "no message" if not total["received"] else "every one" if not broken else "not all",
            f"{total['received']:,} received, {total['journaled']:,} journaled, {total['duplicate']:,} duplicate, "
            f"{total['dead_lettered']:,} dead-lettered, {total['shed']:,} shed.",
            mood="bad" if broken else "good",
        ),
        _hidden_tile(hidden),
        _gospa_tile(gospa, covered_mean_m),
        _latency_tile(latencies_ms, 50, "Half of all were faster."),
        _latency_tile(latencies_ms, 99, "One in a hundred was slower."),
    ]


def _hidden_tile(hidden: HiddenShare | None) -> HeadlineFigure:
    label = "Of the belt, no sensor sees"
    if hidden is None or not np.isfinite(hidden.overall):
        return HeadlineFigure(label, UNKNOWN, "Not computed: that does not mean that all of it is seen.")
    return HeadlineFigure(
        label,
        f"{hidden.overall:.0%}",
        f"Within {hidden.belt_m / 1000:g} km of the line, on bare ground: a lower bound.",
    )


def _gospa_tile(gospa: xr.Dataset | None, covered_mean_m: float | None) -> HeadlineFigure:
    label = "Tracking error (GOSPA, mean)"
    if gospa is None or gospa.sizes.get("time", 0) == 0:
        return HeadlineFigure(label, UNKNOWN, "There is no ground truth to measure against.")
    parts = gospa_shares(gospa)
    cutoff = gospa.attrs.get("cutoff_m", 50.0)
    shares = ", ".join(f"{name} {share:.0%}" for name, share in parts.items())
    covered = "" if covered_mean_m is None else f" Where a sensor sees the ground: {covered_mean_m:.1f} m."
    return HeadlineFigure(
        label,
        f"{float(gospa['gospa'].mean()):.1f}",
        f"Cut-off {cutoff:g} m. By cause: {shares}.{covered}",
        unit="m",
    )


def _latency_tile(latencies_ms: Floats, percent: int, why: str) -> HeadlineFigure:
    values = latencies_ms[np.isfinite(latencies_ms)]
    label = f"Latency, {'median' if percent == 50 else f'{percent}th percentile'}"
    if not values.size:
        return HeadlineFigure(label, UNKNOWN, "Nothing was measured.")
    return HeadlineFigure(label, f"{np.percentile(values, percent):,.0f}", f"{why} {values.size:,} samples.", unit="ms")


def gospa_shares(gospa: xr.Dataset) -> dict[str, float]:
    """Return localisation, missed and false as fractions of the summed GOSPA to its power; all 0 without any error."""
    order = float(gospa.attrs.get("order", 2.0))
    parts = {name: float((gospa[name] ** order).sum()) for name in ("localisation", "missed", "false")}
    whole = sum(parts.values())
    return {name: part / whole if whole else 0.0 for name, part in parts.items()}


def quality_sentences(gospa: xr.Dataset | None, latency_meaning: str) -> list[str]:
    """Explain the tracking figures and what they do not include."""
    if gospa is None or gospa.sizes.get("time", 0) == 0:
        first = "There is no ground truth here, so the tracking error is not known. It cannot be judged by eye."
    else:
        shares = gospa_shares(gospa)
        largest = max(shares, key=lambda name: shares[name])
        first = (
            f"GOSPA compares tracks with the simulator's truth at {gospa.sizes['time']:,} instants: "
            f"{float(gospa['gospa'].mean()):.1f} m on average (lower is better). It adds the distance of tracks to "
            f"their targets, missed targets and false tracks; here {largest} weighs most ({shares[largest]:.0%}). "
            "Targets in ground that no sensor sees count as missed."
        )
    return [first, f"Latency is measured {latency_meaning}."]


def hidden_sentence(hidden: HiddenShare) -> str:
    """State the fraction of dead ground in one sentence."""
    known = hidden.per_segment[np.isfinite(hidden.per_segment)]
    if not known.size:
        return "The visibility of the belt is unknown throughout."
    dark = int((known > 0.5).sum())
    sentence = (
        f"With every sensor of this layout working, {hidden.overall:.0%} of the belt within "
        f"{hidden.belt_m / 1000:g} km of the line is seen by none of them; "
        f"in {dark} of {known.size} segments that is more than half of the belt."
    )
    worst = sorted(np.flatnonzero(hidden.per_segment > 0.5), key=lambda segment: -hidden.per_segment[segment])[:5]
    if worst:
        listed = ", ".join(f"{segment} ({hidden.per_segment[segment]:.0%})" for segment in worst)
        sentence += f" Darkest: segment{'s' if len(worst) > 1 else ''} {listed}."
    if hidden.unknown > 0:
        sentence += f" For {hidden.unknown:.1%} of the belt, visibility is unknown."
    return sentence
