"""The scorecard of a nation as a page, and the texts of its tables; it fetches nothing and runs no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.messages import plain
from ops.analysis.score.line import said
from ops.analysis.score.page import figure
from ops.cluster.scorecard.roll_up import DIRECTIONS, DefinitionRollUp
from ops.cluster.scorecard.sectors import STATES, NationRecords, NationSector, SectorLine
from ops.drawing.pages.html_page import render_page
from ops.runtime.output import atomic_write, catalogue, say

TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
COUNTS: Final = (*STATES, "missing")
COLUMNS: Final = ("indicator", *COUNTS, "lowest", "highest")
SECTOR_COLUMNS: Final = ("sector", *STATES, "plan", "absent")
LIMITS: Final = ("never", "states", "ends", "together", "families")
SHOWN_ALONE: Final = ("periods", "places", "incomplete")
"""Reasons why counts are not added up that a reader would miss."""


@dataclass(frozen=True, slots=True)
class NationCard:
    """The records of a nation and their roll-up."""

    records: NationRecords
    indicators: Sequence[DefinitionRollUp]

    @property
    def title(self) -> str:
        """Title of the page."""
        return say("nation-title", subject=self.records.title or self.records.name)


def write_nation(path: Path, card: NationCard, *, folder: str, marking: str = "") -> None:
    """Write ``nation_page`` atomically."""
    with atomic_write(path) as partial:
        partial.write_text(nation_page(card, folder=folder, marking=marking), encoding="utf-8")


def nation_page(card: NationCard, *, folder: str, marking: str = "") -> str:
    """Lay out the scorecard of a nation in the language of this process.

    Parameters
    ----------
    card : NationCard
        Records and roll-up.
    folder : str
        Folder of the pages of the sectors, to which the page leads.
    marking : str
        Marking of the reports; empty for none.
    """
    records = card.records

    def address(sector: str) -> str:
        return f"{folder}/{sector}/scorecard.html"

    page = {
        "title": card.title,
        "answer": answer_of(card),
        "about": say("score-about", date=records.day.isoformat(), known=(records.known_on or records.day).isoformat()),
        "notices": notices_of(card),
        "unread": [(say("nation-unread", sector=one.name), one.why) for one in records.unread],
        "columns": [heading(name) for name in COLUMNS],
        "families": [
            {
                "title": say("score-family", family=family),
                "rows": [
                    {
                        "cells": cells_of(one),
                        "notes": notes_of(one),
                        "lowest": None if one.lowest is None else f"{address(one.lowest.sector)}#{one.lowest.anchor}",
                        "highest": None
                        if one.highest is None
                        else f"{address(one.highest.sector)}#{one.highest.anchor}",
                        "missed": [(name, address(name)) for name in missed_by(one)],
                    }
                    for one in card.indicators
                    if one.family == family
                ],
                "reasons": reasons_of([one for one in card.indicators if one.family == family]),
            }
            for family in FAMILIES
        ],
        "sector_columns": [heading(name) for name in SECTOR_COLUMNS],
        "sectors": [(address(one.name), sector_cells(one)) for one in records.sectors],
        "limits": [say("nation-limit", limit=name) for name in LIMITS],
        "colophon": say("score-colophon", version=version("watchline")),
    }
    return render_page(TEMPLATE, page=page, marking=marking)


def answer_of(card: NationCard) -> list[str]:
    """How many sectors are evaluated, and that no number stands for them."""
    records = card.records
    whole = len(records.sectors) + len(records.left_out) + len(records.unread)
    return [say("nation-answer", read=len(records.sectors), whole=whole), say("nation-never")]


def notices_of(card: NationCard) -> list[str]:
    """Sentences on made-up records."""
    records = card.records
    return [
        *([say("score-illustrative")] if records.illustrative else []),
        *([say("nation-left-out", sectors=", ".join(records.left_out))] if records.left_out else []),
    ]


def heading(name: str) -> str:
    """Heading of a column."""
    return say("nation-column", name=name)


def name_of(one: DefinitionRollUp) -> str:
    """Name of an indicator with its unit and edition."""
    name = said(one.name, say)
    if one.unit != "1":
        name = say("nation-unit", name=name, unit=one.unit)
    return say("nation-edition", name=name, edition=one.edition) if one.edition else name


def cells_of(one: DefinitionRollUp) -> list[str]:
    """The cells of a row, in the order of COLUMNS."""
    counts = [one.states.get(state, 0) for state in STATES]
    ends = [_end(one.lowest), _end(one.highest)]
    return [name_of(one), *map(str, [*counts, one.missing]), *ends]


def notes_of(one: DefinitionRollUp) -> list[str]:
    """Days of the values if they differ, trends by number of sectors, and counts added up or why they are not."""
    trend = _trend(one)
    differ = one.lowest is not None and one.first_day != one.last_day
    spread = say("nation-note-days", first=str(one.first_day), last=str(one.last_day)) if differ else ""
    return [
        *([spread] if spread else []),
        *([say("nation-note-trend", trend=trend)] if trend else []),
        *_together(one),
    ]


def missed_by(one: DefinitionRollUp) -> list[str]:
    """Names of the sectors that do not meet their target."""
    return [each["sector"] for each in one.members if each["state"] == "not_met"]


def reasons_of(found: Sequence[DefinitionRollUp]) -> list[str]:
    """Why values of an indicator are not compared, once for each indicator."""
    seen: dict[str, str] = {}
    for one in found:
        if one.reasons and one.key not in seen:
            reasons = [say("nation-reason", reason=code) for code in one.reasons]
            name = said(one.name, say)
            seen[one.key] = say("nation-not-compared", indicator=name, reasons=catalogue().formats.names(reasons))
    return list(seen.values())


def sector_cells(one: NationSector) -> list[str]:
    """The cells of a sector, in the order of SECTOR_COLUMNS."""
    plan = say("score-none")
    if one.plan is not None:
        due, met, unknown = one.plan
        plan = say("nation-plan", due=due, met=met, unknown=unknown)
    absent = [say("nation-absent", kind=kind) for kind in one.absent]
    counts = [str(one.counts[state]) for state in STATES]
    return [one.title, *counts, plan, catalogue().formats.names(absent) if absent else "–"]


def _end(line: SectorLine | None) -> str:
    if line is None:
        return "–"
    stated = {"value": figure(line.value, line.unit), "sector": line.sector, "date": line.day.isoformat()}
    if line.place == line.sector:
        return say("nation-end", **stated)
    return say("nation-end-place", place=line.place, **stated)


def _trend(one: DefinitionRollUp) -> str:
    found = [
        say("nation-direction", direction=name, count=one.directions[name])
        for name in DIRECTIONS
        if name in one.directions
    ]
    return ", ".join(found)


def _together(one: DefinitionRollUp) -> list[str]:
    both = one.together
    if both is None:
        return [say("nation-alone", reason=one.alone)] if one.alone in SHOWN_ALONE else []
    span = both.day.isoformat() if both.start is None else f"{both.start} – {both.day}"
    if math.isnan(both.denominator):
        text = say("nation-together-cases", value=figure(both.value, one.unit), span=span)
        return [say("nation-note-together", together=text, sectors=one.sectors)]
    part, whole = (
        catalogue().formats.number(count, 0) if count.is_integer() else plain(count)
        for count in (both.numerator, both.denominator)
    )
    stated: dict[str, Any] = {"value": figure(both.value, "1"), "part": part, "whole": whole, "span": span}
    if not math.isnan(both.low):
        interval = {"low": plain(both.low), "high": plain(both.high)}
        text = say("nation-together-interval", **interval, **stated)
    else:
        text = say("nation-together-rate", **stated)
    return [say("nation-note-together", together=text, sectors=one.sectors)]
