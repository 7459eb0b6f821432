"""``watchline score``: the scorecard of all four families of success, on the screen and as files."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from rich.console import Console
from rich.table import Table

from geo.errors import WatchlineError
from geo.message import Message
from ops.analysis.action_plan.page import write_plan_page
from ops.analysis.action_plan.status import PlanStatus
from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.indicators.records import day_of
from ops.analysis.score.evaluation import Evaluation, evaluate
from ops.analysis.score.inputs import ScoreFiles, ScoreInputs, SectorRecords, checked_limit, read_inputs, store_of
from ops.analysis.score.line import Scorecard, ScorecardLine
from ops.analysis.score.page import missing_of, row_of, summary_notices, write_scorecard
from ops.analysis.score.summary import COLUMNS, is_summarised, summary_of
from ops.audit.command import record_command
from ops.drawing.pages.pdf import pdf_beside
from ops.releasability.decision import UNMARKED
from ops.runtime.batch.chains import ChainLink, Failed, run_chains
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import SUMMARY, atomic_write, prepare_folder, say, show, write_summary
from ops.runtime.tables import show_table
from ops.sector.sector_file import Sector, load_sector
from ops.sector.settings import load_settings

KIND: Final = "watchline score"
PAGE, PDF = "scorecard.html", "scorecard.pdf"
PLAN_PAGE, PLAN_PDF, PLAN_DOCX = "action-plan.html", "action-plan.pdf", "action-plan.docx"
FILES: Final = (PAGE, PDF, PLAN_PAGE, PLAN_PDF, PLAN_DOCX, SUMMARY)


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The options of the command. ``on`` and ``known_on`` are days, by default today in UTC."""

    sector: str
    indicators: Path | None
    outcomes: Path | None
    challenge: Path | None
    place: str | None
    on: str | None
    out: Path | None
    simulated: bool = False
    pdf: bool = False
    action_plan: Path | None = None
    store: Path | None = None
    known_on: str | None = None
    settings: Path | None = None
    limit: str = UNMARKED
    purpose: str | None = None
    docx: bool = False


@dataclass(frozen=True, slots=True)
class SectorScore:
    """The scorecard of a sector with the records that it was made from, and the store whose incidents it counts."""

    sector: Sector
    inputs: ScoreInputs
    evaluation: Evaluation
    store: Path | None
    subject: str
    marking: str

    def notices(self) -> list[str]:
        """Sentences on records that are left out, and on those that neither the sector nor the command names."""
        left_out = ", ".join(map(str, self.inputs.left_out))
        return [
            *([say("score-left-out", files=left_out)] if left_out else []),
            *(say("score-absent", kind=kind) for kind in self.inputs.absent),
        ]

    def figures(self) -> dict[str, Any]:
        """The scorecard for JSON."""
        stated = {"store": None if self.store is None else str(self.store), "absent": list(self.inputs.absent)}
        return {"made_by": KIND} | self.evaluation.figures() | stated


def score(
    options: ScoreOptions, screen: Console, *, now: datetime | None = None, scheduler: Scheduler | None = None
) -> dict[str, Any]:
    """Read, evaluate and show the scorecard; write pages and ``summary.json`` where a folder is given.

    The records are read and evaluated where ``scheduler`` states, by default in this process. Returns the figures for
    the last line of ``--json``. Raises BadInput for invalid files, and WatchlineError with what a worker said.
    """
    if scheduler is None or scheduler.here:
        scored = score_sector(options, load_sector(options.sector), now=now)
    else:
        scored = _scored_elsewhere(options, now, scheduler)
    if options.out is not None:
        prepare_folder(options.out, FILES, made_by=KIND)
    record_reading(scored, options.purpose)
    for sentence in scored.notices():
        screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
    _show(scored.evaluation.card, screen)
    if scored.evaluation.plan is not None:
        _show_plan(scored.evaluation.plan, screen)
    figures = scored.figures()
    if options.out is not None:
        figures = write_score(options.out, scored, pdf=options.pdf, docx=options.docx)
        show(screen, "console-output", folder=str(options.out))
    return figures


def _scored_elsewhere(options: ScoreOptions, now: datetime | None, scheduler: Scheduler) -> SectorScore:
    given = {field.name: getattr(options, field.name) for field in fields(options)}
    named: dict[str, Any] = {key: one.resolve() for key, one in given.items() if isinstance(one, Path) and one.exists()}
    chain: list[ChainLink] = [partial(_scored, replace(options, **named), load_sector(options.sector), now)]
    result = run_chains({options.sector: chain}, scheduler)[options.sector]
    if isinstance(result, Failed):
        raise WatchlineError(result.why)
    return cast("SectorScore", result)


def _scored(options: ScoreOptions, sector: Sector, now: datetime | None, _: object = None) -> SectorScore:
    return score_sector(options, sector, now=now)


def score_sector(options: ScoreOptions, sector: Sector, *, now: datetime | None = None) -> SectorScore:
    """Read and evaluate the records of a sector; BadInput for files that cannot be used."""
    today = (now or datetime.now(UTC)).date()
    day = today if options.on is None else day_of(options.on, "--on")
    known_on = today if options.known_on is None else day_of(options.known_on, "--known-on")
    settings = load_settings(options.settings)
    store = store_of(sector, options.store)
    files = ScoreFiles(
        options.indicators, options.outcomes, options.challenge, options.action_plan, store.path,
        options.simulated or store.simulated, checked_limit(options.limit, settings.releasability), found=store.found,
        by_option=options.store is not None,
    )  # fmt: skip
    inputs = read_inputs(
        files, SectorRecords.of(sector), settings.releasability, day=day, until=max(day, today), known_on=known_on,
        place=options.place,
    )  # fmt: skip
    evaluation = evaluate(
        inputs, sector=sector.name, place=options.place, day=day, known_on=known_on, simulated=options.simulated
    )
    counted = None if store.path in inputs.left_out else store.path
    return SectorScore(
        sector, inputs, evaluation, counted, options.place or sector.title or sector.name, settings.reports.marking
    )


def record_reading(scored: SectorScore, purpose: str | None) -> None:
    """Record in the audit log that the incidents of the store were read."""
    if scored.store is not None:
        subject = f"scorecard of {scored.sector.name} on {scored.evaluation.card.day}"
        record_command(scored.store, "score", subject, purpose=purpose)


def write_score(out: Path, scored: SectorScore, *, pdf: bool, docx: bool) -> dict[str, Any]:
    """Write pages and ``summary.json`` into a folder that is prepared; return the figures with the files."""
    card, plan = scored.evaluation.card, scored.evaluation.plan
    notices = scored.notices()
    write_scorecard(
        out / PAGE, card, subject=scored.subject, plan=None if plan is None else PLAN_PAGE, notices=notices,
        marking=scored.marking,
    )  # fmt: skip
    names = [PAGE, *pdf_beside(out / PAGE, wanted=pdf)]
    if plan is None:
        for name in (PLAN_PAGE, PLAN_PDF, PLAN_DOCX):
            (out / name).unlink(missing_ok=True)
    else:
        write_plan_page(out / PLAN_PAGE, plan, card, scorecard_page=PAGE, marking=scored.marking)
        names += [PLAN_PAGE, *pdf_beside(out / PLAN_PAGE, wanted=pdf)]
        names += _docx_beside(out / PLAN_DOCX, plan, card, wanted=docx, marking=scored.marking)
    figures = scored.figures() | {"files": [str(out / name) for name in [*names, SUMMARY]]}
    write_summary(out / SUMMARY, json.loads(json.dumps(figures)))
    return figures


def _docx_beside(path: Path, plan: PlanStatus, card: Scorecard, *, wanted: bool, marking: str) -> list[str]:
    """Write the plan as DOCX if it is ``wanted``, else remove that of an earlier run; return its name."""
    if not wanted:
        path.unlink(missing_ok=True)
        return []
    from ops.analysis.action_plan.document import plan_document

    with atomic_write(path) as partial:
        partial.write_bytes(plan_document(plan, card, marking=marking))
    return [path.name]


def _show(card: Scorecard, screen: Console) -> None:
    if card.illustrative:
        show(screen, "score-illustrative")
    for sentence in summary_notices(card):
        screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
    places = {line.place for lines in card.lines.values() for line in lines}
    summarised = is_summarised(card)
    for family in FAMILIES:
        title = say("score-family", family=family)
        table = Table(title=title)
        for name in COLUMNS if summarised else ("indicator", "value", "of", "trend", "target"):
            table.add_column(say(f"score-column-{name}"))
        if summarised:
            for one in summary_of(card.lines[family]):
                table.add_row(*one.cells())
        else:
            for line in card.lines[family]:
                table.add_row(*_cells(line, with_place=len(places) > 1))
        if card.lines[family]:
            show_table(screen, table, wrap_first=True)
        else:
            screen.print(title, markup=False, highlight=False)
        for told in missing_of(card, family):
            sentence = say("score-missing", sentence=told)
            screen.print(f"  {sentence}", markup=False, highlight=False, soft_wrap=True)


def _show_plan(plan: PlanStatus, screen: Console) -> None:
    rate = plan.adherence
    show(screen, "action-plan-adherence", title=plan.plan.title, met=rate.met, due=rate.due, unknown=rate.unknown)
    for one in plan.late():
        why = one.reason or Message("action-plan-not-met")
        show(
            screen, "action-plan-late", id=one.measure.id, title=one.measure.title, owner=one.measure.owner,
            days=one.overdue_days, why=why,
        )  # fmt: skip


def _cells(line: ScorecardLine, *, with_place: bool) -> list[str]:
    """The cells of a line, few enough for 80 columns: the date below the indicator, the distance below the target."""
    row = row_of(line)
    named = [row["name"], *([row["place"]] if with_place else []), row["date"]]
    target = [row["target"], *([] if math.isnan(line.distance) else [say("score-distance", distance=row["distance"])])]
    return ["\n".join(named), row["value"], row["fraction"], row["trend"], "\n".join(target)]
