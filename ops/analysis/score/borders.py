"""Two borders side by side: only values of one definition and one period, and for all others the reason why not.

Each border is a scorecard that ``watchline score --out`` wrote. Nothing is ranked, added up or averaged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from geo.errors import BadInput
from geo.message import Message
from ops.analysis.indicators.catalogue import FAMILIES, definitions
from ops.analysis.indicators.tables import IndicatorError, check_size
from ops.analysis.messages import amount
from ops.analysis.score.of_challenge import OF_CHALLENGE
from ops.runtime.output import SUMMARY, say, say_in_english, show
from ops.runtime.tables import show_table

EXPECTED: Final = "the --out folder of `watchline score`"
ADHERENCE: Final = "measures_met"
_TEXTS: Final = ("family", "place", "unit", "name", "date")


@dataclass(frozen=True, slots=True)
class BorderScorecard:
    """The lines of a scorecard by family and indicator; ``name`` of the sector."""

    name: str
    illustrative: bool
    lines: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class BorderComparison:
    """An indicator of two borders. ``reasons``: why the values cannot be compared; none if they can.

    ``start`` and ``day``: the period of both values, None for what is computed for a layout. ``overlap``: whether the
    intervals of both overlap, None where one has none.
    """

    family: str
    key: str
    name: Message | str
    unit: str
    reasons: tuple[Message, ...] = ()
    first: float | None = None
    second: float | None = None
    start: str | None = None
    day: str | None = None
    overlap: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """The comparison for JSON, in English."""
        name = self.name if isinstance(self.name, str) else say_in_english(self.name)
        plain_values = ("family", "unit", "first", "second", "start", "day", "overlap")
        return (
            {"id": self.key, "name": name, "comparable": not self.reasons}
            | {key: getattr(self, key) for key in plain_values}
            | {"reasons": [say_in_english(one) for one in self.reasons]}
        )


def read_border(folder: Path) -> BorderScorecard:
    """Read the scorecard in a folder; IndicatorError where there is none with its lines."""
    path = folder / SUMMARY
    check_size(path)
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        if stated["made_by"] != "watchline score":
            raise KeyError("made_by")
        lines: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for family in FAMILIES:
            found = stated["families"][family]
            if found["lines_left_out"]:
                expected = "a scorecard of one place: `watchline score --place`"
                raise IndicatorError("has no lines, only a summary by indicator", where=str(folder), expected=expected)
            for line in found["lines"]:
                if not all(isinstance(line[name], str) for name in _TEXTS):
                    raise KeyError("line")
                if len(line["history_starts"]) != len(line["history"]):
                    raise KeyError("history_starts")
                lines.setdefault((family, line["id"] or line["name"]), []).append(line)
        return BorderScorecard(str(stated["sector"]), bool(stated["illustrative"]), lines)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        raise IndicatorError("is not a scorecard of this version", where=str(folder), expected=EXPECTED) from None


def compare_borders(first: BorderScorecard, second: BorderScorecard) -> list[BorderComparison]:
    """Compare each indicator that either border has; BadInput where only one of them is made up."""
    if first.illustrative != second.illustrative:
        expected = "two scorecards of real records, or two that are made up"
        raise BadInput("only one scorecard is illustrative", where=f"{first.name}, {second.name}", expected=expected)
    keys = sorted({*first.lines, *second.lines}, key=lambda key: (FAMILIES.index(key[0]), key[1]))
    return [_compared(key, first, second) for key in keys]


def _compared(key: tuple[str, str], first: BorderScorecard, second: BorderScorecard) -> BorderComparison:
    here, there = first.lines.get(key, ()), second.lines.get(key, ())
    line = (here or there)[0]
    made = BorderComparison(key[0], key[1], _name(line), line["unit"])
    for found, other in ((here, second), (there, first)):
        if not found:
            missing = first if other is second else second
            return _not(made, "missing", border=missing.name)
    for found, border in ((here, first), (there, second)):
        if len(found) > 1:
            return _not(made, "places", border=border.name)
    one, other_line = here[0], there[0]
    if key[1] == ADHERENCE:
        return _not(made, "plan")
    reasons = _of_definition(one, other_line)
    computed = key[1] in OF_CHALLENGE
    span = None if computed else _common(one, other_line)
    if not computed and span is None:
        reasons.append(_reason("period"))
    if computed and None in (one["value"], other_line["value"]):
        reasons.append(_reason("unknown"))
    if reasons:
        return replace(made, reasons=tuple(reasons))
    values = (one["value"], other_line["value"], None, None) if span is None else span
    overlap = None
    whole = computed or _spans(one) == _spans(other_line)
    ends = [each[name] for each in (one, other_line) for name in ("low", "high")]
    if whole and None not in ends and None not in (one["value"], other_line["value"]):
        overlap = one["low"] <= other_line["high"] and other_line["low"] <= one["high"]
        if not computed:  # both intervals are of all periods together
            values = one["value"], other_line["value"], _first_day(one), one["date"]
    a, b, start, day = values
    return replace(made, first=a, second=b, start=start, day=day, overlap=overlap)


def _of_definition(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Message]:
    """Why two lines are not of one definition."""
    reasons = []
    for name, code in (("unit", "unit"), ("edition", "edition")):
        if one[name] != other[name]:
            reasons.append(_reason(code, first=one[name] or "–", second=other[name] or "–"))
    if None not in (one["better"], other["better"]) and one["better"] != other["better"]:
        reasons.append(_reason("direction"))
    if _method(one) != _method(other):
        reasons.append(_reason("method"))
    defined = definitions().get(one["id"] or "")
    if (None in (one["id"], other["id"]) or (defined and defined.needs_edition)) and not (
        one["edition"] and other["edition"]
    ):
        reasons.append(_reason("undefined"))
    return reasons


def _method(line: Mapping[str, Any]) -> Any:
    """What a computed value depends on beside the border: name with its requirement, target and weather, interval."""
    messages = line["messages"]
    if line["id"] not in OF_CHALLENGE:
        return messages["name"], messages["interval"]
    case = {name: value for name, value in messages["source"]["parameters"].items() if name != "layout"}
    return messages["name"], messages["interval"], case


def _spans(line: Mapping[str, Any]) -> list[tuple[str | None, str]]:
    return [(start, day) for start, (day, _) in zip(line["history_starts"], line["history"], strict=True)]


def _first_day(line: Mapping[str, Any]) -> str:
    return min(start or day for start, day in _spans(line))


def _common(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[float, float, str | None, str] | None:
    """The values of the latest day or period that both lines have."""
    here, there = (
        dict(zip(_spans(line), (value for _, value in line["history"]), strict=True)) for line in (one, other)
    )
    both = here.keys() & there.keys()
    if not both:
        return None
    start, day = max(both, key=lambda span: (span[1], span[0] or span[1]))
    return here[start, day], there[start, day], start, day


def _name(line: Mapping[str, Any]) -> Message | str:
    name = line["messages"]["name"]
    return name if isinstance(name, str) else Message.from_dict(name)


def _reason(code: str, **named: str) -> Message:
    return Message("borders-reason", {"reason": code, "border": "", "first": "", "second": "", **named})


def _not(made: BorderComparison, code: str, **named: str) -> BorderComparison:
    return replace(made, reasons=(_reason(code, **named),))


def show_comparison(first: Path, second: Path, screen: Console) -> dict[str, Any]:
    """Print two borders side by side, then what cannot be compared and why; return both."""
    borders = read_border(first), read_border(second)
    found = compare_borders(*borders)
    good = [one for one in found if not one.reasons]
    if borders[0].illustrative:
        show(screen, "score-illustrative")
    table = Table(title=say("borders-heading"))
    columns = ("indicator", borders[0].name, borders[1].name, "period", "note")
    for name in columns:
        table.add_column(say("borders-column", name=name), justify="left" if name in ("indicator", "note") else "right")
    for one in good:
        table.add_row(*_cells(one, say))
    if good:
        show_table(screen, table, wrap_first=True)
    show(screen, "borders-comparable", count=len(good), whole=len(found))
    for one in found:
        for reason in one.reasons:
            name = one.name if isinstance(one.name, str) else say(one.name)
            show(screen, "borders-not", indicator=name, reason=reason)
    show(screen, "borders-limits")
    return {
        "first": borders[0].name,
        "second": borders[1].name,
        "illustrative": borders[0].illustrative,
        "indicators": [one.as_dict() for one in found],
    }


def _cells(one: BorderComparison, say_it: Callable[..., str]) -> list[str]:
    first, second = float(one.first or 0.0), float(one.second or 0.0)
    values = [amount(value, one.unit, other, say=say_it) for value, other in ((first, second), (second, first))]
    period = "–" if one.day is None else one.day if one.start is None else f"{one.start} – {one.day}"
    note = "" if one.overlap is None else say_it("borders-overlap", overlap="yes" if one.overlap else "no")
    return [one.name if isinstance(one.name, str) else say_it(one.name), *values, period, note]
