"""``watchline challenge``: how hard a border's ground is for any layout, and how well this one does on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress

from geo.errors import BadInput, TerrainError
from ops.runtime.output import SUMMARY, prepare_folder, progress_bar, write_summary
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector, read_bases
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.weather import conditions_of

if TYPE_CHECKING:
    import xarray as xr

    from geo.mobility.roads_and_rivers import Ways
    from ops.analysis.challenge.findings import Findings
    from ops.analysis.challenge.question import ChallengeQuestion
    from ops.analysis.challenge.work import StretchAnswer
    from sensors.statistics.statistic import Statistic

KIND: Final = "watchline challenge"
PICTURES: Final = ("scores.png", "ground.png", "layout.png", "crossings.png", "profiles.png")
REPORT: Final = "report.html"
REFERENCE: Final = "pyrenees-maritime-alps-srtm3"
MOST_RESPONSE_CELLS: Final = 60_000_000
"""Cells over which response times are sought at most: of a larger terrain around border and bases."""
RESPONSE_MARGIN_M: Final = 10_000.0
LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class ChallengeOptions:
    """What the command was asked for; ``check`` raises BadInput for what cannot be, before anything is read."""

    sector: str
    layout: str | None
    out: Path
    target: str = "person"
    conditions: str = "day"
    direction: str = "inward"
    dwell_s: float = 600.0
    required: float = 0.9
    draws: int = 10
    runs: int = 20
    weights: str = ""
    roads: Path | None = None
    rivers: Path | None = None
    fords: Path | None = None
    stretch_km: float = 50.0

    def check(self) -> None:
        Situation(self.target, conditions_of(self.conditions)[1])
        if self.direction not in ("inward", "outward"):
            raise BadInput(f"{self.direction!r}", where="--direction", expected="inward or outward")
        if not 0.0 < self.dwell_s < math.inf:
            raise BadInput(f"{self.dwell_s:g}", where="--dwell", expected="seconds above 0")
        if not 0.0 < self.required <= 1.0:
            raise BadInput(f"{self.required:g}", where="--required", expected="a probability above 0, at most 1")
        if self.draws != 0 and not 2 <= self.draws <= 1000:
            raise BadInput(f"{self.draws}", where="--draws", expected="0 for none, or 2 to 1000")
        if not 0 <= self.runs <= 10_000:
            raise BadInput(f"{self.runs}", where="--runs", expected="0 for none, up to 10000")
        if not 1.0 <= self.stretch_km < math.inf:
            raise BadInput(f"{self.stretch_km:g}", where="--stretch", expected="kilometres from 1")
        weights_of(self.weights)


def weights_of(text: str) -> dict[str, float]:
    """Weights of the composite from ``score=number,…``; none for an empty text. Raises BadInput."""
    from geo.challenge.scores import SCORES

    weights: dict[str, float] = {}
    for item in filter(None, text.split(",")):
        name, _, value = item.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if name.strip() not in SCORES or not 0.0 <= number < math.inf or name.strip() in weights:
            raise BadInput(f"{item!r}", where="--weights", expected=f"score=number, of {', '.join(SCORES)}, each once")
        weights[name.strip()] = number
    if weights and not sum(weights.values()) > 0.0:
        raise BadInput(f"{text!r}", where="--weights", expected="a weight above 0")
    return weights


def assess(options: ChallengeOptions, screen: Console) -> dict[str, Any]:
    """Compute and write everything into ``options.out``; returns the figures for the last line of ``--json``.

    The same sector, layout and options give the same bytes in every file. A run that is broken off goes on from the
    stretches that it finished. Raises BadInput as the sector, the layout and the options deserve.
    """
    options.check()
    ground = open_sector(load_sector(options.sector), options.layout)
    from ops.analysis.challenge.files import file_names
    from sensors.coverage.sight import refuse_without_ground

    refuse_without_ground(ground.layout, ground.terrain)

    names = [*file_names(bases=ground.sector.bases is not None), *PICTURES, REPORT, SUMMARY]
    prepare_folder(options.out, names, made_by=KIND)
    with progress_bar(screen) as progress:
        job = _job(ground, options, progress)
        found = _findings(job, options, progress)
        records = _written(options.out, found, progress)
    figures = _figures(found, records)
    told = [{"name": a.name, "value": a.value, "unit": a.unit, "confidence": a.confidence, "source": a.source}
            for a in Assumptions()]  # fmt: skip
    write_summary(options.out / SUMMARY, {**figures, "assumptions": told, "files": names})
    from ops.analysis.challenge.parts import drop_parts

    drop_parts(options.out)
    screen.print(_sentence(figures) + f": {options.out}", markup=False, highlight=False, soft_wrap=True)
    return {**figures, "files": [str(options.out / name) for name in names]}


def _job(ground: OpenSector, options: ChallengeOptions, progress: Progress) -> ChallengeQuestion:
    from geo.challenge import DemError, ReferenceTable
    from geo.mobility.roads_and_rivers import Ways
    from ops.analysis.challenge.question import ChallengeQuestion

    bar = progress.add_task("roads and response", total=2)
    ways = Ways.from_files(
        ground.frame, roads=options.roads, rivers=options.rivers, fords=options.fords, clip=ground.terrain
    )
    progress.update(bar, advance=1)
    response = _response(ground, ways)
    progress.update(bar, advance=1)
    return ChallengeQuestion(
        ground=ground,
        target=options.target,
        conditions=options.conditions,
        direction=options.direction,
        dwell_s=options.dwell_s,
        ways=ways,
        response=response,
        reference=ReferenceTable.named(REFERENCE),
        dem_error=DemError(draws=options.draws) if options.draws else None,
        runs=options.runs,
    )


def _response(ground: OpenSector, ways: Ways) -> xr.DataArray | None:
    """Seconds until somebody from a base is there, on the terrain's cells; None without bases."""
    from geo.paths.response_times import response_time

    bases = read_bases(ground.sector.bases)
    if not bases:
        return None
    places = np.array([ground.frame.to_local(lon, lat) for lon, lat in bases.values()])
    terrain = ground.terrain
    if terrain["elevation"].size > MOST_RESPONSE_CELLS:
        terrain = _around(ground, places)
    cells = terrain["elevation"].size
    if cells > MOST_RESPONSE_CELLS:
        raise BadInput(
            f"{cells:,} cells", where="response times", expected=f"at most {MOST_RESPONSE_CELLS:,} around border and "
            "bases: larger cells, or a sector without bases",
        )  # fmt: skip
    try:
        return response_time(terrain.compute(), places, ways=ways)
    except TerrainError as error:
        raise BadInput(error.what, where=str(ground.sector.bases), expected=error.expected) from None


def _around(ground: OpenSector, places: np.ndarray[Any, Any]) -> xr.Dataset:
    """The part of the terrain around border and bases in which responders are taken to travel."""
    west, south, east, north = ground.crossed.bounds
    (left, low), (right, high) = places.min(axis=0), places.max(axis=0)
    reach = RESPONSE_MARGIN_M + 2.0 * ground.sector.belt_m
    return ground.terrain.sel(
        easting=slice(min(west, left) - reach, max(east, right) + reach),
        northing=slice(max(north, high) + reach, min(south, low) - reach),
    )


def _findings(job: ChallengeQuestion, options: ChallengeOptions, progress: Progress) -> Findings:
    from geo.border.stretches import stretches
    from ops.analysis.challenge.findings import findings_of
    from ops.analysis.challenge.parts import FOLDER, fingerprint, load_parts, save_part
    from ops.analysis.challenge.work import STEPS, work_on

    todo = stretches(job.ground.crossed, belt_m=job.belt_m, length_m=1000.0 * options.stretch_km)
    files = (options.roads, options.rivers, options.fords)
    mark = fingerprint(job, len(todo), [(str(file), file.stat().st_mtime_ns) for file in files if file is not None])
    parts: dict[int, StretchAnswer] = load_parts(options.out / FOLDER, mark) if len(todo) > 1 else {}
    bar = progress.add_task("stretches", total=STEPS * len(todo), completed=STEPS * len(parts))
    for stretch in todo:
        if stretch.number not in parts:
            part = work_on(job, stretch, lambda: progress.update(bar, advance=1))
            parts[stretch.number] = part
            if len(todo) > 1:
                save_part(options.out / FOLDER, stretch.number, part, mark)
    return findings_of(job, parts, required=options.required, weights=weights_of(options.weights))


def _written(out: Path, found: Findings, progress: Progress) -> list[Statistic]:
    from ops.analysis.challenge.files import write_rasters, write_tables
    from ops.analysis.challenge.pictures import (
        GROUND_PANELS,
        LARGEST_PIXELS,
        LAYOUT_PANELS,
        draw_crossings,
        draw_maps,
        draw_scores,
    )
    from ops.analysis.challenge.profiles import draw_profiles
    from ops.analysis.challenge.report import write_page
    from ops.analysis.challenge.statistics import records_by_segment, records_of

    records = records_of(found)
    bar = progress.add_task("files", total=8)
    pictures = write_rasters(out, found, LARGEST_PIXELS)
    progress.update(bar, advance=1)
    work: list[Callable[[], object]] = [
        lambda: write_tables(out, found, records, records_by_segment(found)),
        lambda: draw_scores(out / PICTURES[0], found),
        lambda: draw_maps(out / PICTURES[1], found, pictures, GROUND_PANELS),
        lambda: draw_maps(out / PICTURES[2], found, pictures, LAYOUT_PANELS),
        lambda: draw_crossings(out / PICTURES[3], found),
        lambda: draw_profiles(out / PICTURES[4], found),
        lambda: write_page(out / REPORT, found, records, [out / name for name in PICTURES]),
    ]
    for write in work:
        write()
        progress.update(bar, advance=1)
    return records


def _figures(found: Findings, records: list[Statistic]) -> dict[str, Any]:
    job, attrs = found.job, found.segments.attrs
    from ops.analysis.challenge.files import interruption_of
    from ops.analysis.challenge.findings import bounds_in
    from ops.sector.off_terrain import OffTerrain

    beyond = OffTerrain.of(job.ground)

    ways = {
        kind.replace(" ", "_"): {
            "segment": way["segment"],
            "seconds": _rounded(way["seconds"]),
            "metres": _rounded(way["metres"]),
            "p_detect": _rounded(way["p_detect"]),
            "p_detect_low": _rounded(way["p_detect_low"]),
            "p_interruption": _rounded(interruption_of(found, way)),
            "unknown_m": _rounded(way["unknown_m"]),
            "confirmed_track": dict(way["confirmed"]),
        }
        for kind, way in found.crossings.items()
    }
    return {
        "made_by": KIND,
        "sector": job.ground.sector.name,
        "layout": job.ground.layout.name,
        "sensors": len(job.ground.layout),
        "target": job.target,
        "conditions": job.conditions,
        "direction": job.direction,
        "required_probability": found.required,
        "belt_m": job.belt_m,
        "segments": int(found.segments.sizes["segment"]),
        "off_terrain": {
            "border_m": round(beyond.line_m, 1),
            "belt_share": round(beyond.belt_share, 6),
            "sentences": beyond.sentences,
        },
        "reference": attrs.get("reference", "none"),
        "reference_misfit": attrs.get("reference_misfit", ""),
        "missing": attrs["missing"],
        "any_layout": {
            name: {"hardest_segments": _hardest(found.segments[name].to_numpy())}
            for name in ("crossing_ease", "surveillance_difficulty", "response_difficulty")
        },
        "bounds": bounds_in(found),
        "this_layout": {
            "gaps": [
                {
                    "first": gap.first,
                    "last": gap.last,
                    "start_m": _rounded(gap.start_m),
                    "end_m": _rounded(gap.end_m),
                    "least_probability": _rounded(gap.least_probability),
                    "known": gap.known,
                }
                for gap in found.gaps
            ],
            "crossings": ways,
            "barrier": dict(found.barrier),
        },
        "records": [record.as_dict() for record in records],
    }


def _hardest(scores: Any) -> list[int]:
    order = np.argsort(-np.where(np.isnan(scores), -1.0, scores), kind="stable")
    return [int(i) for i in order[:LISTED] if not np.isnan(scores[i])]


def _rounded(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _sentence(figures: dict[str, Any]) -> str:
    """What one wants to know first, in one sentence."""
    gaps = figures["this_layout"]["gaps"]
    known = sum(gap["last"] - gap["first"] + 1 for gap in gaps if gap["known"])
    unknown = sum(gap["last"] - gap["first"] + 1 for gap in gaps if not gap["known"])
    from ops.analysis.challenge.provenance import deep

    k = figures["this_layout"]["barrier"].get("k")
    held = "how deep it is held is unknown" if k is None else f"held {deep(k)}"
    return (
        f"{known} of {figures['segments']} segments can be crossed below {figures['required_probability']:g}, "
        f"{unknown} are unknown; {held}"
    ) + "".join(f"; {sentence}" for sentence in figures["off_terrain"]["sentences"])
