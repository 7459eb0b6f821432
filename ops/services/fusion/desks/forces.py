"""Own forces in the pipeline: positions of units and decisions on impact levels, and the picture of both."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np

from fusion.situation.context import AlertContext
from fusion.situation.current_coverage import CurrentCoverage
from geo.errors import BadInput
from ingest.unit_messages import Position, SectionOrder
from ops.analysis.risk.decision import proposals
from ops.broker.identities import UNIT
from ops.forces.book import ForceBook, ForcesError, UnitNow
from ops.forces.posture import Posture, posture_of, sections_of
from ops.forces.settings import ForceSettings
from ops.incidents.offers import FieldedUnit
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases
from sensors.mobile.viewpoint import Viewpoint
from sensors.timestamps import SECOND_NS, utc_datetime

log = logging.getLogger(__name__)

FORGET_EVERY_NS: Final = 60 * SECOND_NS


class ForcesDesk:
    """The book of own forces beside the pipeline's other state; ``context`` has the impact levels that apply."""

    def __init__(self, book: ForceBook, settings: ForceSettings, ground: OpenSector, context: AlertContext) -> None:
        self._book, self._settings, self._ground = book, settings, ground
        self._of_files = context
        interception = context.interception
        self.sections = sections_of(
            context.sections, context.impact, () if interception is None else interception.segment_responses
        )
        self._bases = _bases_of(ground)
        self._proposed = _proposed(ground, context.sections)
        self._forget_due_ns = 0
        self.context = self._with_levels()

    def take_position(self, position: Position, received_ns: int) -> None:
        """Take a unit's position; ForcesError for one unit too many."""
        if received_ns >= self._forget_due_ns:
            self._forget_due_ns = received_ns + FORGET_EVERY_NS
            self._book.forget(received_ns, self._settings)
        self._book.take_position(position, received_ns)

    def take_distress(self, unit: str, observed_ns: int, note: str) -> None:
        """Take a unit's distress call that states no position."""
        self._book.take_distress(unit, observed_ns, note)

    def last_position(self, unit: str) -> UnitNow | None:
        """The newest position of a unit; None for an unknown unit."""
        return self._book.units.get(unit)

    @property
    def names(self) -> Collection[str]:
        """Names of the units that send positions."""
        return self._book.units.keys()

    def fielded(self, now_ns: int) -> list[FieldedUnit]:
        """Units on duty with a current position, that do not call for help themselves."""
        current_ns = now_ns - round(self._settings.stale_s * SECOND_NS)
        found = [
            unit
            for unit in self._book.units.values()
            if unit.on_duty and unit.distress_ns is None and unit.observed_ns >= current_ns
        ]
        if not found:
            return []
        lon, lat = (np.array([getattr(unit, name) for unit in found]) for name in ("lon", "lat"))
        easting, northing = self._ground.frame.to_local(lon, lat)
        return [
            FieldedUnit(unit.name, east, north, unit.moves == "foot")
            for unit, east, north in zip(found, easting.tolist(), northing.tolist(), strict=True)
        ]

    def take_order(self, order: SectionOrder, received_ns: int) -> None:
        """Apply a decision on an impact level; ForcesError unless the operations centre made it for a known section."""
        if order.unit != UNIT:
            raise ForcesError(f"sent by {order.unit}", where="impact level", expected=f"a decision of {UNIT}")
        if order.section not in {one.name for one in self.sections}:
            raise ForcesError(f"no section {order.section!r}", where="impact level", expected="a section of the sector")
        if self._book.decide(order, received_ns):
            self.context = self._with_levels()

    def follow(self, coverage: CurrentCoverage) -> None:
        """Take the present coverage over into the context: sensors moved."""
        self._of_files = replace(self._of_files, coverage=coverage)
        self.context = self._with_levels()

    def see_from(self, viewpoints: Mapping[str, Viewpoint]) -> None:
        """Take over into the context where mobile sensors stand, for the detection of crossings."""
        detection = self._of_files.detection
        there = None if detection is None else detection.at(viewpoints)
        if there is not detection:
            self._of_files = replace(self._of_files, detection=there)
            self.context = self._with_levels()

    def postures(self, now_ns: int) -> list[Posture]:
        """Posture of every section, in the order of the border."""
        where = {name: str(section) for name, (_, _, section) in self._located().items() if section is not None}
        return [posture_of(one, self._book, where, now_ns, self._settings) for one in self.sections]

    def picture(self, now_ns: int) -> dict[str, Any]:
        """Own forces as published: units, bases, sections with their posture, and the ages at which positions fade."""
        located = self._located()
        where = {name: str(section) for name, (_, _, section) in located.items() if section is not None}
        return {
            "units": [_unit_view(unit, *located[name]) for name, unit in sorted(self._book.units.items())],
            "bases": [{"name": name, "lon": lon, "lat": lat} for name, (lon, lat) in self._bases.items()],
            "sections": [
                _posture_view(posture_of(one, self._book, where, now_ns, self._settings), self._proposed.get(one.name))
                for one in self.sections
            ],
            "fading_s": self._settings.fading_s,
            "stale_s": self._settings.stale_s,
        }

    def _located(self) -> dict[str, tuple[int | None, float | None, str | None]]:
        """Segment, offset [m] and section of each unit; None beyond the ends, and the section None far from it."""
        units = self._book.units
        if not units:
            return {}
        lon, lat = (np.array([getattr(unit, name) for unit in units.values()]) for name in ("lon", "lat"))
        easting, northing = self._ground.frame.to_local(lon, lat)
        segment, _, offset = self._ground.border.locate(easting, northing)
        found: dict[str, tuple[int | None, float | None, str | None]] = {}
        for name, number, beside in zip(units, segment.tolist(), offset.tolist(), strict=True):
            near = number >= 0 and abs(beside) <= self._settings.near_m
            section = self.context.section_of(number) if near else None
            found[name] = (number, round(beside, 1), section) if number >= 0 else (None, None, None)
        return found

    def _with_levels(self) -> AlertContext:
        """The context of the sector's files with the levels that people decided since."""
        files, level_of = self._of_files, self._book.level_of
        if not self._book.decisions:
            return files
        levels = tuple(
            given if name is None else level_of(name, given)
            for name, given in zip(files.sections, files.impact, strict=True)
        )
        return replace(files, impact=levels)


def _proposed(ground: OpenSector, sections: Sequence[str | None]) -> Mapping[str, dict[str, str]]:
    """The levels that an assessment of risk proposes; none where the decision on it cannot be read."""
    try:
        return proposals(ground.sector, sections) if sections else {}
    except BadInput as error:
        log.warning("No impact levels are proposed: %s", error)
        return {}


def _bases_of(ground: OpenSector) -> Mapping[str, tuple[float, float]]:
    """Patrol bases; none where their file cannot be read, which the context of alerts logs."""
    try:
        return read_bases(ground.sector.bases)
    except BadInput:
        return {}


def _unit_view(unit: UnitNow, segment: int | None, offset_m: float | None, section: str | None) -> dict[str, Any]:
    return {
        "unit": unit.name,
        "lon": unit.lon,
        "lat": unit.lat,
        "position_sd_m": unit.position_sd_m,
        "observed_ns": unit.observed_ns,
        "received_ns": unit.received_ns,
        "clock_ahead_s": max(0.0, (unit.reported_ns - unit.received_ns) / SECOND_NS),
        "duty": unit.duty,
        "moves": unit.moves,
        "base": unit.base,
        "note": unit.note,
        "distress_ns": unit.distress_ns,
        "segment": segment,
        "offset_m": offset_m,
        "section": section,
    }


def _posture_view(posture: Posture, proposed: dict[str, str] | None) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(posture)
    for decision in body["decided"]:
        decision["at"] = utc_datetime(decision.pop("at_ns")).isoformat().replace("+00:00", "Z")
    return body if proposed is None else body | {"proposed": proposed}
