"""``watchline risk``: the risk of each segment and section, and proposed impact levels, on the screen and as files."""

from __future__ import annotations

import json
import math
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from geo.arrays import Floats, Ints
from geo.errors import BadInput
from ops.analysis.indicators.records import day_of, refuse_mixture
from ops.analysis.places import sections_by_segment
from ops.analysis.risk.assessment import RiskAssessment, SectionRisk
from ops.analysis.risk.combination import CLASSES, FACTORS, RISK_DIGITS, level_of, rank_stability, risk_of
from ops.analysis.risk.decision import FILE, decided, write_decision
from ops.analysis.risk.factors import factors_of, read_challenge
from ops.analysis.risk.indicators import risk_indicators
from ops.analysis.risk.rows import (
    COLUMNS,
    SECTION_COLUMNS,
    TREND_COLUMNS,
    answer_of,
    section_row,
    segment_row,
    trend_order,
    trend_row,
)
from ops.analysis.risk.trend import comparable, months_before, trend_of
from ops.analysis.score.from_store import incidents_of_store
from ops.analysis.score.inputs import ChosenStore, checked_limit, store_of
from ops.audit.command import record_command
from ops.drawing.pages.pdf import pdf_beside
from ops.releasability.decision import UNMARKED
from ops.runtime.output import SUMMARY, prepare_folder, say, show, write_summary
from ops.runtime.tables import show_table
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.settings import load_settings
from ops.store.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KIND: Final = "watchline risk"
PAGE, PDF = "risk.html", "risk.pdf"
MOST_SHOWN: Final = 15
"""Segments that are printed, the highest risk first; files have all."""


@dataclass(frozen=True, slots=True)
class RiskOptions:
    """The options of the command. ``on`` is a day, by default today in UTC."""

    sector: str
    challenge: Path
    indicators: Path | None = None
    store: Path | None = None
    weights: str = "1,1,1"
    on: str | None = None
    out: Path | None = None
    simulated: bool = False
    pdf: bool = False
    settings: Path | None = None
    limit: str = UNMARKED
    purpose: str | None = None
    trend: int = 0
    decided_by: str = ""
    reason: str = ""


def assess_risk(options: RiskOptions, screen: Console, *, now: datetime | None = None) -> dict[str, Any]:
    """Assess, show, and write the report where a folder is given; return the figures. Raises BadInput."""
    today = (now or datetime.now(UTC)).date()
    day = today if options.on is None else day_of(options.on, "--on")
    weights = weights_of(options.weights)
    decides = bool(options.decided_by or options.reason)
    if decides and options.out is None:
        raise BadInput("no folder for the decision", where="--decided-by", expected="--out DIR")
    ground = open_sector(options.sector)
    found = _assessed(options, ground, weights, day=day, until=max(day, today))
    decision = (
        decided(found, by=options.decided_by, reason=options.reason, at=now or datetime.now(UTC)) if decides else b""
    )
    if options.out is not None:
        prepare_folder(options.out, [PAGE, PDF, SUMMARY, *([FILE] if decides else [])], made_by=KIND)
    if options.store is not None:
        subject = f"risk of {ground.sector.name} on {day}" + (f", decided by {options.decided_by}" if decides else "")
        record_command(options.store, "risk", subject, purpose=options.purpose)
    _show(found, screen)
    figures = {"made_by": KIND} | found.as_dict()
    if options.out is not None:
        from ops.analysis.risk.page import write_risk_page  # matplotlib is slow to import

        write_risk_page(options.out / PAGE, found)
        names = [PAGE, *pdf_beside(options.out / PAGE, wanted=options.pdf), SUMMARY]
        if decides:
            write_decision(options.out / FILE, decision)
            names.append(FILE)
        figures["files"] = [str(options.out / name) for name in names]
        write_summary(options.out / SUMMARY, json.loads(json.dumps(figures)))
        show(screen, "console-output", folder=str(options.out))
        if decides:
            show(screen, "risk-decision-written", file=FILE)
    return figures


def weights_of(text: str) -> tuple[float, ...]:
    """Read the weights of threat, vulnerability and impact; BadInput unless they are three numbers of at least 0."""
    try:
        weights = tuple(float(one) for one in text.split(","))
    except ValueError:
        weights = ()
    usable = len(weights) == len(FACTORS) and all(0.0 <= one < math.inf for one in weights) and any(weights)
    if not usable:
        expected = "three weights for threat, vulnerability and impact, such as 1,1,1"
        raise BadInput(repr(text[:60]), where="--weights", expected=expected)
    return weights


def _assessed(
    options: RiskOptions, ground: OpenSector, weights: tuple[float, ...], *, day: date, until: date
) -> RiskAssessment:
    sector = ground.sector
    settings = load_settings(options.settings).releasability
    limit = checked_limit(options.limit, settings)
    path = options.indicators or sector.indicators
    read = risk_indicators(path, until)
    indicators, kinds, incidents = read.known_on(day), read.kinds(day), None
    store = ChosenStore(None) if options.store is None else store_of(sector, options.store)
    simulated = options.simulated or store.simulated
    if store.path is not None:
        incidents = incidents_of_store(store.path, day, settings, limit).known
        refuse_mixture({str(path): sorted(kinds), "--store": [simulated] * bool(incidents)})
    challenge = read_challenge(options.challenge, sector.name)
    if len(challenge.length_m) != ground.crossed.segments:
        what = f"has {len(challenge.length_m)} segments"
        raise BadInput(what, where=str(options.challenge), expected=f"{ground.crossed.segments}, as the border has")
    names = sections_by_segment(ground)
    factors = factors_of(challenge, names, indicators, incidents)
    unknown = [name for at, name in enumerate(FACTORS) if np.all(np.isnan(factors.table[:, at]))]
    used = tuple(0.0 if name in unknown else one for name, one in zip(FACTORS, weights, strict=True))
    if not any(used):
        raise BadInput("nothing is known of a factor with a weight", where="--weights", expected="other weights")
    risk = risk_of(factors.table, used)
    levels = level_of(factors.table)
    illustrative = True in kinds or simulated

    def table_on(then: date) -> Floats:
        seen = None if store.path is None else incidents_of_store(store.path, then, settings, limit).known
        return comparable(factors_of(challenge, names, read.known_on(then), seen), factors)

    trend = trend_of(months_before(day, options.trend), table_on, used) if options.trend else None
    sections = section_risks(names, risk, levels, current_levels(ground, store.path))
    return RiskAssessment(
        ground, day, challenge, factors, used, tuple(unknown), risk, levels, rank_stability(factors.table, used),
        sections, tuple(names), illustrative, trend,
    )  # fmt: skip


def current_levels(ground: OpenSector, store: Path | None) -> Mapping[str, str | None]:
    """The impact level of each section: as a person decided last in the room of a store, else that of the files."""
    from geo.border.sections import read_sections

    if ground.sector.sections is None or ground.zone is not None:
        return {}
    sections = read_sections(ground.sector.sections, ground.border, impact_level="impact_level")
    levels: dict[str, str | None] = {one.name: one.impact_level for one in sections}
    if store is None:
        return levels
    with closing(Reader(store)) as reader:
        live = reader.live("forces")
    if live is not None:
        levels |= {one["section"]: one["level"] for one in msgspec.json.decode(live.body)["sections"]}
    return levels


def section_risks(
    names: Sequence[str | None], risk: Floats, levels: Ints, current: Mapping[str, str | None]
) -> tuple[SectionRisk, ...]:
    """The sections, from the section, risk and level of the matrix of each segment, and the current levels."""
    found = []
    for name in dict.fromkeys(one for one in names if one is not None):
        own = [segment for segment, section in enumerate(names) if section == name and not math.isnan(risk[segment])]
        worst = max(own, key=lambda segment: (risk[segment].round(RISK_DIGITS), levels[segment]), default=None)
        proposed = None if worst is None else _level(levels[worst])
        highest = _level(max((levels[segment] for segment in own), default=-1))
        value = math.nan if worst is None else float(risk[worst])
        found.append(SectionRisk(name, worst, value, proposed, highest, current.get(name)))
    return tuple(found)


def _level(level: int) -> str | None:
    return None if level < 0 else CLASSES[level]


def _show(found: RiskAssessment, screen: Console) -> None:
    if found.illustrative:
        show(screen, "score-illustrative")
    for sentence in answer_of(found):
        screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
    segments = Table(title=say("risk-heading-segments"))
    for name in COLUMNS:
        segments.add_column(say("risk-column", name=name))
    for segment in found.order()[:MOST_SHOWN]:
        segments.add_row(*segment_row(found, segment))
    show_table(screen, segments)
    if found.sections:
        sections = Table(title=say("risk-heading-sections"))
        for name in SECTION_COLUMNS:
            sections.add_column(say("risk-column", name=name))
        for one in found.sections:
            sections.add_row(*section_row(one))
        show_table(screen, sections)
    if found.trend is not None:
        trend = Table(title=say("risk-heading-trend"))
        for name in TREND_COLUMNS:
            trend.add_column(say("risk-column", name=name))
        for segment in trend_order(found.trend)[:MOST_SHOWN]:
            trend.add_row(*trend_row(found, found.trend, segment))
        show_table(screen, trend)
