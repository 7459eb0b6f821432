"""Texts and figures of the report, as plain values that the template escapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import xarray as xr
from babel.dates import format_date, format_skeleton

from geo.arrays import Floats
from geo.errors import BadInput
from geo.message import Message
from ops.analysis.night_report.certainty import Certainty, certainty_of
from ops.analysis.night_report.dead_ground_fraction import DeadGroundFraction
from ops.runtime.output import catalogue, say
from ops.runtime.tables import UNPRINTED
from ops.words import MessageCatalogue

RECEIPTS = ("received", "journaled", "duplicate", "dead_lettered", "shed")
ALERTS_SHOWN = 200
WORST_SHOWN = 5


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
    """One alert as a sentence, with its time in UTC and local time, and how strong its evidence was."""

    iso: str
    utc: str
    local: str
    sentence: str
    priority: str
    status: str
    mood: str
    segment: str
    track: str
    certainty: Certainty | None


def clean(text: object) -> str:
    """Return text that is valid in a file and a page: lone surrogates and control characters become U+FFFD."""
    return "".join(
        mark if mark.isprintable() or mark in UNPRINTED else "\N{REPLACEMENT CHARACTER}" for mark in str(text)
    )


def moment_of(value: datetime | str, *, where: str) -> datetime:
    """Return an aware UTC datetime from one, or from RFC 3339 text; BadInput for a naive or invalid one."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise BadInput(f"{clean(value)[:40]!r} is not a time", where=where, expected="RFC 3339 with an offset")
    return moment.astimezone(UTC)


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of that name; BadInput for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(
            f"{clean(name)!r} is unknown", where="time_zone", expected="a name such as 'Europe/Nicosia'"
        ) from None


def period_words(started: datetime, ended: datetime, zone: ZoneInfo, words: MessageCatalogue | None = None) -> str:
    """State start and end in UTC, and in local time with its offset where the sector has a zone; and the duration.

    A day is stated where it is not that of the start in UTC. ``words``: the language; None for that of this process.
    """
    words = words or catalogue()
    first, last = started.astimezone(UTC), ended.astimezone(UTC)
    utc = f"{first:%H:%M:%S}–{_day(last, first, words)}{last:%H:%M:%S} UTC"
    day = format_date(first.date(), format="full", locale=words.formats.locale)
    length = (last - first).total_seconds()
    if zone.key == "UTC":
        return words.say("shift-period-utc", day=day, utc=utc, length=length)
    local = "–".join(
        f"{_day(moment, first, words)}{moment:%H:%M:%S} {_zone_words(moment)}"
        for moment in (first.astimezone(zone), last.astimezone(zone))
    )
    return words.say("shift-period", day=day, utc=utc, local=local, length=length)


def _day(moment: datetime, first: datetime, words: MessageCatalogue) -> str:
    """The day of a time, if its date is another than that of ``first``."""
    if moment.date() == first.date():
        return ""
    return f"{format_skeleton('MMMMd', moment.date(), locale=words.formats.locale)} "


def _zone_words(moment: datetime) -> str:
    """The zone in force at a local time with its offset, "CEST (UTC+02:00)"; only the offset if it has no name."""
    offset = f"UTC{moment.isoformat()[-6:]}"
    name = moment.tzname() or ""
    return f"{name} ({offset})" if name.isalpha() and name != "UTC" else offset


def alert_rows(
    alerts: Sequence[Mapping[str, Any]], zone: ZoneInfo, names: Mapping[str, str] | None = None
) -> list[AlertRow]:
    """Return alerts in the order they were raised. Needs id, raised_at and sentence; other keys are optional.

    ``names``: radio names of tracks by id.
    """
    names = names or {}
    rows = []
    for alert in alerts:
        where = f"alert {clean(alert.get('id'))[:80]!r}"
        for key in ("id", "raised_at", "sentence"):
            if alert.get(key) is None:
                raise BadInput(f"no {key}", where=where, expected="id, raised_at and sentence")
        moment = moment_of(alert["raised_at"], where=where)
        priority = clean(alert.get("priority", ""))
        status = clean(alert.get("status", ""))
        segment = alert.get("segment")
        rows.append(
            AlertRow(
                iso=f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
                utc=f"{moment:%H:%M:%S} UTC",
                local="" if zone.key == "UTC" else f"{moment.astimezone(zone):%H:%M:%S %Z}",
                sentence=clean(sentence_of(alert, names)),
                priority=say("alert-priority", priority=priority) if priority else say("shift-no-priority"),
                status=say("alert-status", status=status) if status else "",
                mood="high" if priority in ("high", "distress") else "",
                segment="" if segment is None or int(segment) < 0 else str(int(segment)),
                track=clean(names.get(str(alert.get("track")), alert.get("track") or "")),
                certainty=certainty_of(alert),
            )
        )
    return sorted(rows, key=lambda row: row.iso)


def sentence_of(alert: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The headline of an alert in the language of this process, or its own sentence if it has no message.

    Tracks have their radio names, as far as ``names`` has them.
    """
    message = alert.get("message")
    if not isinstance(message, Mapping):
        return str(alert["sentence"])
    parameters = {
        name: tuple(value) if isinstance(value, list) else value for name, value in message["parameters"].items()
    }
    track = parameters.get("track")
    if isinstance(track, str) and track in names:
        parameters["track"] = names[track]
    return say(Message(str(message["id"]), parameters))


def identities(counts: Mapping[str, Mapping[str, int]]) -> tuple[ConservationCheck, ConservationCheck]:
    """Check both conservation laws over all sensors, with their numbers written out."""
    total = summed(counts)
    holds = total["received"] == sum(total[name] for name in RECEIPTS[1:])
    sentence = say("shift-receipts", **{name: total[name] for name in RECEIPTS})
    receipts = ConservationCheck(_verdict(holds), sentence, holds)
    if "published" not in total:
        return receipts, ConservationCheck(say("shift-not-checked"), say("shift-messages-unknown"), None)
    unique = {
        "journaled": total["journaled"],
        "dead_lettered": total["dead_lettered_unique"],
        "shed": total["shed_unique"],
    }
    holds = total["published"] == sum(unique.values())
    sentence = say("shift-messages", published=total["published"], **unique)
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
        _count_row(clean(sensor) or say("shift-no-known-sensor"), {sensor: figures})
        for sensor, figures in sorted(counts.items())
    ]
    return rows, _count_row("", counts)


def _count_row(name: str, counts: Mapping[str, Mapping[str, int]]) -> CountRow:
    total = summed(counts)
    number = catalogue().formats.number
    published = number(total.get("published"))
    laws = identities(counts)
    figures = (published, *(number(total[key]) for key in RECEIPTS))
    return CountRow(name, figures, all(law.holds is not False for law in laws))


def _verdict(holds: bool) -> str:
    return say("shift-balanced" if holds else "shift-not-balanced")


def tiles(
    *,
    alerts: Sequence[Mapping[str, Any]],
    confirmed: int,
    counts: Mapping[str, Mapping[str, int]],
    gospa: xr.Dataset | None,
    covered_mean_m: float | None,
    latencies_ms: Floats,
    hidden: DeadGroundFraction | None,
) -> list[HeadlineFigure]:
    """Return the headline figures, most important first."""
    total, accounted = summed(counts), _accounted(counts)
    return [
        HeadlineFigure(
            say("shift-tile-alerts"),
            catalogue().formats.number(len(alerts)),
            say("shift-tile-alerts-why", high=_urgent(alerts), confirmed=confirmed),
        ),
        HeadlineFigure(
            say("shift-tile-messages"),
            say(f"shift-tile-messages-{accounted}"),
            say("shift-tile-messages-why", **{name: total[name] for name in RECEIPTS}),
            mood="bad" if accounted == "not-all" else "good",
        ),
        _dead_ground_tile(hidden),
        _gospa_tile(gospa, covered_mean_m),
        _latency_tile(latencies_ms, 50, "median"),
        _latency_tile(latencies_ms, 99, "p99"),
    ]


def answer_sentences(
    alerts: Sequence[Mapping[str, Any]],
    confirmed: int,
    counts: Mapping[str, Mapping[str, int]],
    hidden: DeadGroundFraction | None,
) -> list[str]:
    """What the night was, from the headline figures: alerts, messages accounted for, and what could not be seen."""
    seen = {"count": len(alerts), "high": _urgent(alerts), "confirmed": confirmed}
    known = hidden is not None and bool(np.isfinite(hidden.overall))
    unseen = {"fraction": hidden.overall, "belt": hidden.belt_m} if hidden is not None and known else {}
    return [
        say("shift-answer", **seen, accounted=_accounted(counts)),
        say("shift-answer-dead-ground" if known else "shift-answer-dead-ground-unknown", **unseen),
    ]


def _urgent(alerts: Sequence[Mapping[str, Any]]) -> int:
    return sum(1 for alert in alerts if alert.get("priority") in ("high", "distress"))


def _accounted(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Whether the sensors' messages are accounted for: none (received), not-all, or all."""
    if not summed(counts)["received"]:
        return "none"
    return "not-all" if any(law.holds is False for law in identities(counts)) else "all"


def _dead_ground_tile(hidden: DeadGroundFraction | None) -> HeadlineFigure:
    label = say("shift-tile-dead-ground")
    if hidden is None or not np.isfinite(hidden.overall):
        return HeadlineFigure(label, say("shift-not-known"), say("shift-tile-dead-ground-unknown"))
    value = catalogue().formats.percent(hidden.overall)
    return HeadlineFigure(label, value, say("shift-tile-dead-ground-why", belt=hidden.belt_m))


def _gospa_tile(gospa: xr.Dataset | None, covered_mean_m: float | None) -> HeadlineFigure:
    label = say("shift-tile-gospa")
    if gospa is None or gospa.sizes.get("time", 0) == 0:
        return HeadlineFigure(label, say("shift-not-known"), say("shift-tile-gospa-unknown"))
    cutoff = float(gospa.attrs.get("cutoff_m", 50.0))
    why = [say("shift-tile-gospa-why", cutoff=cutoff, **gospa_shares(gospa))]
    if covered_mean_m is not None:
        why.append(say("shift-tile-gospa-covered", mean=covered_mean_m))
    value = catalogue().formats.number(float(gospa["gospa"].mean()), 1)
    return HeadlineFigure(label, value, " ".join(why), unit="m")


def _latency_tile(latencies_ms: Floats, percent: int, name: str) -> HeadlineFigure:
    values = latencies_ms[np.isfinite(latencies_ms)]
    label = say(f"shift-tile-latency-{name}")
    if not values.size:
        return HeadlineFigure(label, say("shift-not-known"), say("shift-tile-latency-unknown"))
    value = catalogue().formats.number(float(np.percentile(values, percent)))
    return HeadlineFigure(label, value, say("shift-tile-latency-why", samples=int(values.size)), unit="ms")


def gospa_shares(gospa: xr.Dataset) -> dict[str, float]:
    """Return localisation, missed and false as fractions of the summed GOSPA to its power; all 0 without any error."""
    order = float(gospa.attrs.get("order", 2.0))
    parts = {name: float((gospa[name] ** order).sum()) for name in ("localisation", "missed", "false")}
    whole = sum(parts.values())
    return {name: part / whole if whole else 0.0 for name, part in parts.items()}


def quality_sentences(gospa: xr.Dataset | None, latency: Message | str) -> list[str]:
    """Explain the tracking figures and what they do not include. ``latency`` states how latency is measured."""
    last = latency if isinstance(latency, str) else say(latency)
    if gospa is None or gospa.sizes.get("time", 0) == 0:
        return [say("shift-gospa-unknown"), last]
    shares = gospa_shares(gospa)
    largest = max(shares, key=lambda name: shares[name])
    figures = {"instants": gospa.sizes["time"], "mean": float(gospa["gospa"].mean())}
    return [say("shift-gospa", **figures, part=largest, fraction=shares[largest]), last]


def dead_ground_sentences(hidden: DeadGroundFraction) -> list[str]:
    """State the fraction of dead ground, and the segments with the most of it."""
    known = hidden.per_segment[np.isfinite(hidden.per_segment)]
    if not known.size:
        return [say("shift-dead-ground-unknown")]
    dark = int((known > 0.5).sum())
    figures = {"fraction": hidden.overall, "belt": hidden.belt_m, "dark": dark, "known": int(known.size)}
    sentences = [say("shift-dead-ground", **figures)]
    worst = sorted(np.flatnonzero(hidden.per_segment > 0.5), key=lambda segment: -hidden.per_segment[segment])
    if worst:
        listed = [
            say("shift-dead-ground-segment", segment=str(segment), fraction=float(hidden.per_segment[segment]))
            for segment in worst[:WORST_SHOWN]
        ]
        sentences.append(say("shift-dead-ground-worst", segments=listed))
    if hidden.unknown > 0:
        sentences.append(say("shift-dead-ground-unknown-part", fraction=hidden.unknown))
    return sentences
