"""``watchline score``: the scorecard of all four families of success, on the screen and as files."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from geo.errors import BadInput
from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.indicators.records import day_of, read_indicators
from ops.analysis.score.outcome_records import read_outcomes
from ops.analysis.score.page import row_of, write_scorecard
from ops.analysis.score.scorecard import Scorecard, ScorecardLine, of_challenge, scorecard
from ops.drawing.pages.pdf import pdf_beside
from ops.runtime.output import SUMMARY, prepare_folder, say, say_in_english, show, write_summary
from ops.runtime.tables import show_table
from ops.sector.sector_file import load_sector

KIND: Final = "watchline score"
PAGE, PDF = "scorecard.html", "scorecard.pdf"


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The options of the command. ``on`` is a day, by default today in UTC."""

    sector: str
    indicators: Path | None
    outcomes: Path | None
    challenge: Path | None
    place: str | None
    on: str | None
    out: Path | None
    simulated: bool = False
    pdf: bool = False


def score(options: ScoreOptions, screen: Console, *, now: datetime | None = None) -> dict[str, Any]:
    """Read, evaluate and show the scorecard; write ``scorecard.html`` and ``summary.json`` where a folder is given.

    Returns the figures for the last line of ``--json``. Raises BadInput for invalid files.
    """
    sector = load_sector(options.sector)
    today = (now or datetime.now(UTC)).date()
    day = today if options.on is None else day_of(options.on, "--on")
    if options.indicators is None and options.outcomes is None and options.challenge is None:
        raise BadInput("nothing to score", where="INDICATORS", expected="INDICATORS, --outcomes or --challenge")
    if options.out is not None:
        prepare_folder(options.out, [PAGE, PDF, SUMMARY], made_by=KIND)
    card = _card(options, day, max(day, today))
    _show(card, screen)
    figures: dict[str, Any] = {
        "made_by": KIND,
        "sector": sector.name,
        "date": day.isoformat(),
        "place": options.place,
        "families": {
            family: {
                "lines": [line.as_dict() for line in card.lines[family]],
                "missing": [say_in_english(message) for message in card.missing[family]],
                "missing_messages": [message.as_dict() for message in card.missing[family]],
            }
            for family in FAMILIES
        },
    }
    if options.out is not None:
        subject = options.place or sector.title or sector.name
        write_scorecard(options.out / PAGE, card, subject=subject)
        names = [PAGE, *pdf_beside(options.out / PAGE, wanted=options.pdf), SUMMARY]
        figures["files"] = [str(options.out / name) for name in names]
        write_summary(options.out / SUMMARY, json.loads(json.dumps(figures)))
        show(screen, "console-output", folder=str(options.out))
    return figures


def _card(options: ScoreOptions, day: date, until: date) -> Scorecard:
    """Return the scorecard as known on ``day``: later records up to ``until`` are valid but excluded."""
    indicators = [] if options.indicators is None else read_indicators(options.indicators, until=until)
    periods = [] if options.outcomes is None else read_outcomes(options.outcomes, until=until)
    return scorecard(
        [one for one in indicators if one.day <= day],
        [one for one in periods if one.end <= day],
        [] if options.challenge is None else of_challenge(options.challenge, day=day),
        day=day,
        place=options.place,
        simulated=options.simulated,
    )


def _show(card: Scorecard, screen: Console) -> None:
    places = {line.place for lines in card.lines.values() for line in lines}
    for family in FAMILIES:
        title = say("score-family", family=family)
        table = Table(title=title)
        for name in ("indicator", "value", "of", "trend", "target"):
            table.add_column(say(f"score-column-{name}"))
        for line in card.lines[family]:
            table.add_row(*_cells(line, with_place=len(places) > 1))
        if card.lines[family]:
            show_table(screen, table, wrap_first=True)
        else:
            screen.print(title, markup=False, highlight=False)
        for message in card.missing[family]:
            sentence = say("score-missing", sentence=say(message))
            screen.print(f"  {sentence}", markup=False, highlight=False, soft_wrap=True)


def _cells(line: ScorecardLine, *, with_place: bool) -> list[str]:
    """The cells of a line, few enough for 80 columns: the date below the indicator, the distance below the target."""
    row = row_of(line)
    named = [row["name"], *([row["place"]] if with_place else []), row["date"]]
    target = [row["target"], *([] if math.isnan(line.distance) else [say("score-distance", distance=row["distance"])])]
    return ["\n".join(named), row["value"], row["fraction"], row["trend"], "\n".join(target)]
