"""``watchline score``: the scorecard of all four families of success, on the screen and as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from geo.errors import BadInput
from ops.analysis.score.indicators import FAMILIES, day_of, read_indicators
from ops.analysis.score.outcome_records import read_outcomes
from ops.analysis.score.page import row_of, write_scorecard
from ops.analysis.score.scorecard import Scorecard, of_challenge, scorecard
from ops.runtime.output import SUMMARY, prepare_folder, write_summary

KIND: Final = "watchline score"
PAGE: Final = "scorecard.html"


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The options of the command. ``on`` is a day, by default today in UTC."""

    indicators: Path | None
    outcomes: Path | None
    challenge: Path | None
    place: str | None
    on: str | None
    out: Path | None
    simulated: bool = False


def score(options: ScoreOptions, screen: Console, *, now: datetime | None = None) -> dict[str, Any]:
    """Read, evaluate and show the scorecard; write ``scorecard.html`` and ``summary.json`` where a folder is given.

    Returns the figures for the last line of ``--json``. Raises BadInput for invalid files.
    """
    if options.indicators is None and options.outcomes is None and options.challenge is None:
        raise BadInput("nothing to score", where="watchline score", expected="indicators, --outcomes or --challenge")
    today = (now or datetime.now(UTC)).date()
    day = today if options.on is None else day_of(options.on, "--on")
    if options.out is not None:
        prepare_folder(options.out, [PAGE, SUMMARY], made_by=KIND)
    card = _card(options, day, max(day, today))
    _show(card, screen)
    figures: dict[str, Any] = {
        "made_by": KIND,
        "date": day.isoformat(),
        "place": options.place,
        "families": {
            family: {"lines": [line.as_dict() for line in card.lines[family]], "missing": list(card.missing[family])}
            for family in FAMILIES
        },
    }
    if options.out is not None:
        title = f"Scorecard: {options.place}" if options.place else "Scorecard"
        write_scorecard(options.out / PAGE, card, title=title)
        figures["files"] = [str(options.out / PAGE), str(options.out / SUMMARY)]
        write_summary(options.out / SUMMARY, json.loads(json.dumps(figures)))
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
    for family, title in FAMILIES.items():
        table = Table(title=title, title_justify="left", expand=False)
        for name in ("indicator", "place", "value", "of", "trend", "target", "to the target", "date"):
            table.add_column(name, overflow="fold")
        for row in map(row_of, card.lines[family]):
            cells = ("name", "place", "value", "fraction", "trend", "target", "distance", "date")
            table.add_row(*(_plain(str(row[cell])) for cell in cells))
        if card.lines[family]:
            screen.print(table)
        else:
            screen.print(title, markup=False, highlight=False)
        for sentence in card.missing[family]:
            screen.print(f"  missing: {sentence}", markup=False, highlight=False, soft_wrap=True)


def _plain(text: str) -> str:
    """Escape text from a file, so that it is not interpreted as markup."""
    from rich.markup import escape

    return escape("".join(character if character.isprintable() else "�" for character in text))
