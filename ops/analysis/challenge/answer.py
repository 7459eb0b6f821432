"""The answer of a challenge: where the border is weakest, and what is not known, from the published numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from geo.message import Message
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.layout_statistics import left_out, unknown_on_worst
from ops.analysis.places import place_of
from sensors.statistics.statistic import Statistic


def answer_of(findings: Findings, records: Sequence[Statistic]) -> list[Message]:
    """Return the answer in a few sentences: weakest place, interruption, largest gap, unknown segments."""
    by_id = {record.id: record for record in records}
    return [
        _weakest(findings, by_id["least-detection"]),
        _interrupted(findings, by_id["least-interruption"]),
        _gap(findings),
        _unknown(findings, by_id["unknown-segments"]),
    ]


def _at(findings: Findings, record: Statistic) -> Message:
    """The place of a number that belongs to one segment."""
    return place_of(findings.question.ground, _segment_of(record))


def _segment_of(record: Statistic) -> int:
    assert isinstance(record.of, Message)
    return int(str(record.of.parameters["number"]))


def _bound(record: Statistic, unknown_m: float) -> dict[str, Any]:
    """A probability rounded down as a lower bound, and the length [m] of the path whose line of sight is unknown."""
    return {"value": math.floor(100.0 * record.value) / 100.0, "length": unknown_m}


def _weakest(findings: Findings, record: Statistic) -> Message:
    if math.isnan(record.value):
        return Message("challenge-answer-detection-unknown")
    weakest: dict[str, Any] = {"place": _at(findings, record), "value": record.value}
    unknown_m = float(findings.segments["unknown_m"][_segment_of(record)])
    if unknown_m > 0.0:
        return Message("challenge-answer-detection-at-least", weakest | _bound(record, unknown_m))
    return Message("challenge-answer-detection", weakest)


def _interrupted(findings: Findings, record: Statistic) -> Message:
    if math.isnan(record.value):
        why: dict[str, Any] = {"why": record.limits[0]}
        return Message("challenge-answer-interruption-unknown", why)
    least: dict[str, Any] = {"place": _at(findings, record), "value": record.value, "excluded": left_out(findings)}
    unknown_m = unknown_on_worst(findings, _segment_of(record))
    if unknown_m > 0.0:
        return Message("challenge-answer-interruption-at-least", least | _bound(record, unknown_m))
    return Message("challenge-answer-interruption", least)


def _gap(findings: Findings) -> Message:
    if findings.nothing_known:
        return Message("challenge-headline-all-unknown")
    known = [gap for gap in findings.gaps if gap.known]
    if not known:
        return Message("challenge-answer-no-gap", {"required": findings.required})
    longest = max(known, key=lambda gap: gap.length_m)
    return Message(
        "challenge-answer-gap",
        {
            "required": findings.required,
            "count": len(known),
            "km": longest.length_m / 1000.0,
            "start": longest.start_m / 1000.0,
            "end": longest.end_m / 1000.0,
        },
    )


def _unknown(findings: Findings, record: Statistic) -> Message:
    missing = tuple(Message("coverage-ground-kind", {"kind": kind}) for kind in findings.question.ways.missing)
    count = 0 if record.numerator is None or math.isnan(record.numerator) else int(record.numerator)
    told: dict[str, Any] = {"count": count, "missing": missing} if missing else {"count": count}
    return Message("challenge-answer-unknown" if missing else "challenge-answer-unknown-segments", told)
