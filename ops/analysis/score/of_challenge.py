"""Lines of the scorecard from the output of ``watchline challenge``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from geo.message import Message
from ops.analysis.indicators.tables import IndicatorError, file_hash
from ops.analysis.score.line import LineEvidence, ScorecardLine
from ops.drawing.scene import conditions_words
from sensors.statistics.statistic import StatisticText

TACTICAL: Final = "tactical_tools"
OF_CHALLENGE: Final[Mapping[str, str]] = {
    "gap-segments": "lower",
    "least-detection": "higher",
    "least-interruption": "higher",
    "resilience": "higher",
    "dead-ground-layout": "lower",
    "unknown-segments": "lower",
}
"""Records of ``watchline challenge`` by id, and whether a lower or a higher value is better."""


def of_challenge(folder: Path, sector: str, *, day: date) -> list[ScorecardLine]:
    """Return lines from the output folder of ``watchline challenge``, dated when it was written, at most ``day``.

    Raises IndicatorError where there is none, and for that of another sector than ``sector``.
    """
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        records = summary["records"]
        if summary["made_by"] != "watchline challenge":
            raise KeyError("made_by")
        if not all("messages" in record for record in records):
            raise IndicatorError(
                "is the output of an earlier version", where=str(folder), expected="one of this version: run it again"
            )
        written = datetime.fromtimestamp((folder / "summary.json").stat().st_mtime, UTC).date()
        digest = file_hash(folder / "summary.json")
        known = [record for record in records if record["id"] in OF_CHALLENGE]
        if known and str(summary["sector"]) != sector:
            what = f"is the output for the sector {str(summary['sector'])[:60]!a}"
            raise IndicatorError(what, where=str(folder), expected=f"that for {sector}")
        return [_line_of(record, summary, min(written, day), (folder, digest)) for record in known]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise IndicatorError(
            "is not the output of watchline challenge", where=str(folder), expected="its --out folder"
        ) from None


def written_after(folder: Path, day: date) -> bool:
    """Whether an output folder of ``watchline challenge`` was written after a day; False where there is none."""
    try:
        return datetime.fromtimestamp((folder / "summary.json").stat().st_mtime, UTC).date() > day
    except OSError:
        return False


def _line_of(
    record: Mapping[str, Any], summary: Mapping[str, Any], day: date, origin: tuple[Path, str]
) -> ScorecardLine:
    """``origin``: the folder, and the hash of its summary."""
    folder, digest = origin

    def number(name: str) -> float:
        value = record[name]
        return math.nan if not isinstance(value, (int, float)) else float(value)

    texts = record["messages"]
    case: dict[str, Any] = {
        "layout": str(summary["layout"]),
        "target": Message("target-class", {"class": str(summary["target"])}),
        "conditions": conditions_words(str(summary["conditions"])),
    }
    required = float(summary["required_probability"])
    about = [_read(texts["of"])] if texts.get("of") else []
    value = number("value")
    amount: dict[str, Any] = {"value": value, "unit": record["unit"]}
    shown = Message("score-evidence-number" if record["unit"] == "1" else "score-evidence-value", amount)
    return ScorecardLine(
        family=TACTICAL,
        name=Message("score-challenge", {"record": record["id"], "required": required}),
        place=str(summary["sector"]),
        value=value,
        unit=record["unit"],
        day=day,
        source=Message("score-challenge-source", case),
        better=OF_CHALLENGE[record["id"]],
        numerator=number("numerator"),
        denominator=number("denominator"),
        low=number("low"),
        high=number("high"),
        interval=_read(texts["interval"]),
        notes=(Message("score-note-computed"), *about, *map(_read, texts["limits"])),
        evidence=(
            LineEvidence(
                day.isoformat(),
                Message("score-unknown") if math.isnan(value) else shown,
                Message("score-challenge-source", case),
                f"{record['id']} ({folder.name})",
                digest,
            ),
        ),
    )


def _read(text: Mapping[str, Any] | str) -> StatisticText:
    return text if isinstance(text, str) else Message.from_dict(text)
