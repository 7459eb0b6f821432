"""``watchline score NATION.toml``: the sectors of a nation side by side, on the screen and as files."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from geo.errors import BadInput
from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.indicators.records import day_of
from ops.analysis.score.command import FILES, KIND, PAGE, PDF, ScoreOptions, SectorScore, write_score
from ops.analysis.score.inputs import checked_limit
from ops.analysis.score.line import said
from ops.cluster.nation_file import read_nation
from ops.cluster.scorecard.page import (
    COLUMNS,
    NationCard,
    answer_of,
    cells_of,
    heading,
    notes_of,
    notices_of,
    reasons_of,
    write_nation,
)
from ops.cluster.scorecard.roll_up import CountedTogether, DefinitionRollUp, roll_up
from ops.cluster.scorecard.sectors import HERE, NationSector, SectorLine, read_sectors
from ops.drawing.pages.pdf import pdf_beside
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import SUMMARY, prepare_folder, progress_bar, say, say_in_english, show, write_summary
from ops.runtime.tables import show_table
from ops.sector.settings import load_settings

SECTORS: Final = "sectors"
"""Folder of the pages of each sector, beside the page of the nation."""
OF_ONE_SECTOR: Final = ("indicators", "outcomes", "challenge", "action_plan", "place")


def score_nation(
    options: ScoreOptions, screen: Console, *, now: datetime | None = None, scheduler: Scheduler = HERE
) -> dict[str, Any]:
    """Evaluate every sector of a nation file and show them side by side; write pages where a folder is given.

    ``options.sector`` is the nation file, ``options.store`` the data folder of ``watchline cluster run``. Returns the
    figures for ``--json``; ``unread`` names the sectors that could not be read. Raises BadInput for options of a single
    sector, and as ``read_sectors``.
    """
    for name in OF_ONE_SECTOR:
        if getattr(options, name) is not None:
            where = "INDICATORS" if name == "indicators" else f"--{name.replace('_', '-')}"
            raise BadInput("is for one sector, not for a nation", where=where, expected="the keys of the sector files")
    if options.store is not None and not options.store.is_dir():
        raise BadInput("is a file", where="--store", expected="the data folder of `watchline cluster run`")
    settings = load_settings(options.settings)
    checked_limit(options.limit, settings.releasability)
    if options.known_on is not None:
        day_of(options.known_on, "--known-on")
    now = now or datetime.now(UTC)
    day = now.date() if options.on is None else day_of(options.on, "--on")
    out = options.out
    if out is not None:
        prepare_folder(out, [PAGE, PDF, SUMMARY], made_by=KIND)

    def keep(scored: SectorScore) -> None:
        if out is not None:
            folder = out / SECTORS / scored.sector.name
            prepare_folder(folder, FILES, made_by=KIND)
            write_score(folder, scored, pdf=False, docx=options.docx)

    nation = Path(options.sector)
    with progress_bar(screen) as progress:
        bar = progress.add_task(say("console-progress", step="sectors"), total=len(read_nation(nation)[1].sectors))
        records = read_sectors(
            nation, options, now=now, day=day, keep=keep, scheduler=scheduler, done=lambda _: progress.advance(bar)
        )
    lines = [line for sector in records.sectors for line in sector.lines]
    card = NationCard(records, roll_up(lines, len(records.sectors)))
    _show(card, screen)
    figures = figures_of(card)
    if out is not None:
        write_nation(out / PAGE, card, folder=SECTORS, marking=settings.reports.marking)
        names = [PAGE, *pdf_beside(out / PAGE, wanted=options.pdf), SUMMARY]
        figures["files"] = [str(out / name) for name in names]
        write_summary(out / SUMMARY, json.loads(json.dumps(figures)))
        show(screen, "console-output", folder=str(out))
    return figures


def _show(card: NationCard, screen: Console) -> None:
    unread = [f"{say('nation-unread', sector=one.name)} {one.why}" for one in card.records.unread]
    for sentence in [*answer_of(card), *notices_of(card), *unread]:
        screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
    for family in FAMILIES:
        found = [one for one in card.indicators if one.family == family]
        title = say("score-family", family=family)
        table = Table(title=title)
        for name in COLUMNS:
            table.add_column(heading(name))
        for one in found:
            cells = cells_of(one)
            table.add_row("\n".join([cells[0], *notes_of(one)]), *cells[1:])
        if found:
            show_table(screen, table, wrap_first=True)
        else:
            screen.print(title, markup=False, highlight=False)
            show(screen, "score-missing", sentence=say("score-missing-family"))
        for sentence in reasons_of(found):
            screen.print(f"  {sentence}", markup=False, highlight=False, soft_wrap=True)
    for sector in card.records.sectors:
        show(screen, "nation-drill", sector=sector.title, file=str(sector.file))


def figures_of(card: NationCard) -> dict[str, Any]:
    """The scorecard of a nation for JSON, its texts in English; what is unknown is null."""
    records = card.records
    return {
        "made_by": KIND,
        "nation": records.name,
        "date": records.day.isoformat(),
        "illustrative": records.illustrative,
        "sectors": [_sector(one) for one in records.sectors],
        "left_out": list(records.left_out),
        "unread": [{"sector": one.name, "why": one.why} for one in records.unread],
        "indicators": [_indicator(one) for one in card.indicators],
    }


def _sector(one: NationSector) -> dict[str, Any]:
    plan = None if one.plan is None else dict(zip(("due", "met", "unknown"), one.plan, strict=True))
    counts = {"counts": one.counts, "action_plan": plan, "absent": list(one.absent)}
    return {"name": one.name, "title": one.title, "file": str(one.file), "kind": one.kind} | counts


def _indicator(one: DefinitionRollUp) -> dict[str, Any]:
    return {
        "family": one.family,
        "id": one.key,
        "name": said(one.name, say_in_english),
        "unit": one.unit,
        "edition": one.edition or None,
        "sectors": one.sectors,
        "missing": one.missing,
        "states": one.states,
        "directions": one.directions,
        "lowest": _end(one.lowest),
        "highest": _end(one.highest),
        "first_day": None if one.first_day is None else one.first_day.isoformat(),
        "last_day": None if one.last_day is None else one.last_day.isoformat(),
        "reasons": list(one.reasons),
        "together": _together(one.together),
        "not_together": one.alone or None,
        "members": list(one.members),
    }


def _end(line: SectorLine | None) -> dict[str, Any] | None:
    if line is None:
        return None
    return {"sector": line.sector, "place": line.place, "value": line.value, "date": line.day.isoformat()}


def _together(both: CountedTogether | None) -> dict[str, Any] | None:
    if both is None:
        return None
    names = ("numerator", "denominator", "value", "low", "high")
    numbers = {name: None if math.isnan(number := getattr(both, name)) else number for name in names}
    start: date | None = both.start
    return numbers | {"start": None if start is None else start.isoformat(), "date": both.day.isoformat()}
