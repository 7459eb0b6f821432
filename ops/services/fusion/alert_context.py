"""Context of a sector for alerting, beyond the live picture: built from the sector's files at start-up."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fusion.situation.carried_rates import CarriedRates
from fusion.situation.context import AlertContext, DecidedRisk
from fusion.situation.coverage_gaps import DetectionLookup, detection_lookup_of
from fusion.situation.current_coverage import CurrentCoverage
from fusion.situation.forecast import Forecaster, compile_kernels
from fusion.situation.responders import Interception, interception_of
from fusion.situation.sector_rasters import SectorRasters
from fusion.situation.surroundings import ground_around
from geo.areas import AreaLookup
from geo.border.sections import read_sections, section_of_segments
from geo.errors import BadInput
from geo.mobility.roads_and_rivers import Ways, read_map_file
from ops.analysis.risk.decision import decision_for
from ops.sector.open_sector import OpenSector
from ops.sector.ways import ways_of
from sensors.crossing.watched_belt import watched_by

if TYPE_CHECKING:
    import geopandas

log = logging.getLogger(__name__)


def alert_context_of(
    ground: OpenSector,
    current_coverage: CurrentCoverage,
    *,
    weather: str = "day",
    rasters: SectorRasters | None = None,
) -> AlertContext:
    """Forecasts, responders, terrain, coverage gaps and impact levels of a sector; takes seconds for a 100 km border.

    Data that the sector's files lack, or that cannot be used (a base outside the terrain), is listed in ``missing``
    and logged; alerts then omit it. ``weather`` is the weather condition for which coverage gaps are evaluated.
    ``rasters`` are the rasters of the terrain, if they have already been computed.
    """
    compile_kernels()  # compile now, so that the first alert is not delayed
    missing: list[str] = []
    ways = _ways(ground, missing)
    around = ground_around(ground.terrain, ways=ways, settlements=_settlements(ground, missing), rasters=rasters)
    impact, sections = _sections(ground, missing)
    risk = _risk(ground, missing)
    return AlertContext(
        forecaster=Forecaster(ground.border),
        interception=_interception(ground, ways, missing),
        around=around,
        coverage=current_coverage,
        detection=_detection(ground, ways, weather, missing),
        impact=impact,
        sections=sections,
        missing=(*missing, *around.missing),
        areas=_areas(ground),
        risk=risk,
    )


def _leave_out(missing: list[str], subject: str, error: BadInput) -> None:
    missing.append(subject)
    log.warning("Alerts leave out %s: %s", subject, error)


def _ways(ground: OpenSector, missing: list[str]) -> Ways | None:
    try:
        read = ways_of(ground)
    except BadInput as error:
        _leave_out(missing, "roads and rivers", error)
        return None
    return read.ways if read.files else None


def _settlements(ground: OpenSector, missing: list[str]) -> geopandas.GeoDataFrame | None:
    if ground.sector.settlements is None:
        return None
    try:
        settlements = read_map_file("settlements", ground.sector.settlements, ground.frame, clip=ground.terrain)
    except BadInput as error:
        _leave_out(missing, "settlements", error)
        return None
    return settlements


def _interception(ground: OpenSector, ways: Ways | None, missing: list[str]) -> Interception | None:
    try:
        bases = ground.bases_on_terrain()
        if not bases:
            missing.append("patrol bases")
            return None
        return interception_of(ground.terrain, ground.crossed, bases, belt_m=ground.sector.belt_m, ways=ways)
    except BadInput as error:
        _leave_out(missing, "response", error)
        return None


def _detection(ground: OpenSector, ways: Ways | None, weather: str, missing: list[str]) -> DetectionLookup | None:
    if not len(ground.layout):
        return None
    try:
        seen = watched_by(
            ground.layout,
            ground.terrain,
            ground.crossed,
            belt_m=ground.sector.belt_m,
            ways=ways,
            conditions=weather,
        )
        moves = any(sensor.mobile for sensor in ground.layout)
        rates = CarriedRates(ground.layout, ground.terrain, seen.belt, conditions=weather) if moves else None
        return detection_lookup_of(seen, rate_at=rates)
    except BadInput as error:
        _leave_out(missing, "detection of crossings", error)
        return None


def _areas(ground: OpenSector) -> AreaLookup | None:
    return AreaLookup(ground.areas, ground.frame) if ground.areas else None


def _sections(ground: OpenSector, missing: list[str]) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
    """Impact level and name of each segment's section; both empty without sections."""
    if ground.sector.sections is None:
        return (), ()
    try:
        sections = read_sections(ground.sector.sections, ground.border, impact_level="impact_level")
        owner = section_of_segments(ground.border, sections).tolist()
    except BadInput as error:
        _leave_out(missing, "impact levels", error)
        return (), ()
    return (
        tuple(sections[number].impact_level if number >= 0 else None for number in owner),
        tuple(sections[number].name if number >= 0 else None for number in owner),
    )


def _risk(ground: OpenSector, missing: list[str]) -> DecidedRisk | None:
    """The decision on risk where the sector file lets it raise the priority of alerts."""
    try:
        found = decision_for(ground.sector, "alerts", ground.crossed.segments)
    except BadInput as error:
        _leave_out(missing, "risk", error)
        return None
    return None if found is None else DecidedRisk(found.levels, found.decided_at.date().isoformat(), found.by)
