"""``watchline challenge``: measures of a border's terrain for any layout, and of one layout on it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress

from geo.errors import BadInput, TerrainError
from ops.analysis.challenge.options import ChallengeOptions, weights_of
from ops.analysis.inputs import assumption_records
from ops.drawing.pages.pdf import pdf_beside
from ops.runtime.output import SUMMARY, prepare_folder, progress_bar, say, say_in_english, show, write_summary
from ops.sector.layouts.links import SectorLinks, heard, links_of, unlinked_messages
from ops.sector.off_terrain import OffTerrain
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.sector.ways import ways_of

if TYPE_CHECKING:
    import xarray as xr

    from geo.border.stretch_store import StretchStore
    from geo.border.stretches import Stretch
    from geo.message import Message
    from geo.mobility.roads_and_rivers import Ways
    from ops.analysis.challenge.findings import Findings
    from ops.analysis.challenge.question import ChallengeQuestion, StretchAnswer
    from sensors.statistics.statistic import Statistic

KIND: Final = "watchline challenge"
PICTURES: Final = ("scores.png", "ground.png", "layout.png", "crossings.png", "profiles.png")
REPORT, PDF = "report.html", "report.pdf"
PARTS: Final = "parts"
"""Folder of finished stretches, from which an interrupted run is resumed; removed when the result is complete."""
REFERENCE: Final = "pyrenees-maritime-alps-srtm3"
MOST_RESPONSE_CELLS: Final = 60_000_000
"""Maximum number of cells for response times; a larger terrain is cropped to border and bases."""
RESPONSE_MARGIN_M: Final = 10_000.0
LISTED: Final = 10


def assess(options: ChallengeOptions, screen: Console) -> dict[str, Any]:
    """Compute and write everything into ``options.out``; return the figures for the last line of ``--json``.

    The same sector, layout and options give the same bytes in every file. An interrupted run resumes from its finished
    sub-sections. Raises BadInput for an invalid sector, layout or option.
    """
    options.check()
    ground = open_sector(load_sector(options.sector), options.layout)
    from ops.analysis.challenge.files import BREACH, ISOCHRONES, file_names, write_breach, write_isochrones
    from sensors.coverage.sight import refuse_without_ground

    refuse_without_ground(ground.layout, ground.terrain)

    bases = bool(ground.bases_on_terrain())
    names = [*file_names(bases=bases, breach=options.breach), *PICTURES, REPORT]
    prepare_folder(options.out, [*names, PDF, SUMMARY], made_by=KIND)
    links = links_of(ground)
    with progress_bar(screen) as progress:
        question = _question(heard(ground, links), links, options, progress)
        findings = _findings(question, options, progress)
        records = _written(options.out, findings, progress)
        if question.response is not None:
            write_isochrones(options.out / ISOCHRONES, question.response, ground.terrain, question.ways.words)
        if options.breach:
            write_breach(options.out / BREACH, question)
    names += [*pdf_beside(options.out / REPORT, wanted=options.pdf), SUMMARY]
    figures = _figures(findings, records)
    write_summary(options.out / SUMMARY, {**figures, "assumptions": assumption_records(), "files": names})
    shutil.rmtree(options.out / PARTS, ignore_errors=True)
    for message in _lines(findings):
        screen.print(say(message), markup=False, highlight=False, soft_wrap=True)
    show(screen, "console-output", folder=str(options.out))
    return {**figures, "files": [str(options.out / name) for name in names]}


def _question(
    ground: OpenSector, links: SectorLinks, options: ChallengeOptions, progress: Progress
) -> ChallengeQuestion:
    from geo.challenge import DemError, ReferenceTable
    from ops.analysis.challenge.question import ChallengeQuestion

    bar = progress.add_task(say("challenge-progress-movement"), total=2)
    ways = ways_of(ground, roads=options.roads, rivers=options.rivers, fords=options.fords)
    progress.update(bar, advance=1)
    response = _response(ground, ways.ways)
    progress.update(bar, advance=1)
    return ChallengeQuestion(
        ground=ground,
        target=options.target,
        conditions=options.conditions,
        direction=options.direction,
        dwell_s=options.dwell_s,
        ways=ways,
        links=links,
        response=response,
        reference=ReferenceTable.named(REFERENCE),
        dem_error=DemError(draws=options.samples) if options.samples else None,
        runs=options.runs,
        seen_mps=options.seen_mps,
    )


def _response(ground: OpenSector, movement_paths: Ways) -> xr.DataArray | None:
    """Return the response time from the bases on the terrain [s] on its cells; None without one."""
    from geo.paths.response_times import response_time

    bases = ground.bases_on_terrain()
    if not bases:
        return None
    positions = np.array(list(bases.values()))
    terrain = ground.terrain
    if terrain["elevation"].size > MOST_RESPONSE_CELLS:
        terrain = _responder_terrain(ground, positions)
    cells = terrain["elevation"].size
    if cells > MOST_RESPONSE_CELLS:
        raise BadInput(
            f"{cells:,} cells", where="response times", expected=f"at most {MOST_RESPONSE_CELLS:,} around border and "
            "bases: larger cells, or a sector without bases",
        )  # fmt: skip
    try:
        return response_time(terrain.compute(), positions, ways=movement_paths)
    except TerrainError as error:
        raise BadInput(error.what, where=str(ground.sector.bases), expected=error.expected) from None


def _responder_terrain(ground: OpenSector, positions: np.ndarray[Any, Any]) -> xr.Dataset:
    """Return the part of the terrain around border and bases in which responders travel (assumption)."""
    west, south, east, north = ground.crossed.bounds
    (left, low), (right, high) = positions.min(axis=0), positions.max(axis=0)
    reach = RESPONSE_MARGIN_M + 2.0 * ground.sector.belt_m
    return ground.terrain.sel(
        easting=slice(min(west, left) - reach, max(east, right) + reach),
        northing=slice(max(north, high) + reach, min(south, low) - reach),
    )


def _findings(question: ChallengeQuestion, options: ChallengeOptions, progress: Progress) -> Findings:
    from geo.border.stretches import by_stretches, stretches
    from ops.analysis.challenge.findings import findings_of
    from ops.analysis.challenge.work import STEPS, answer_stretch

    todo = stretches(question.ground.crossed, belt_m=question.belt_m, length_m=1000.0 * options.stretch_km)
    done: dict[int, StretchAnswer] = {}
    store: StretchStore | None = None
    if len(todo) > 1:
        changed = [(str(file), file.stat().st_mtime_ns) for file in question.ways.files.values()]
        store = question.store(options.out / PARTS, len(todo), changed)
        done = _stored(store)
    bar = progress.add_task(say("challenge-progress-sections"), total=STEPS * len(todo), completed=STEPS * len(done))

    def work(stretch: Stretch) -> StretchAnswer:
        return answer_stretch(question, stretch, lambda: progress.update(bar, advance=1))

    def keep(number: int, answer: StretchAnswer) -> None:
        if store is not None:
            store.keep(number, answer.as_dataset())

    answers = dict(by_stretches(todo, work, done=done, keep=keep))
    return findings_of(question, answers, required=options.required, weights=weights_of(options.weights))


def _stored(store: Mapping[int, xr.Dataset]) -> dict[int, StretchAnswer]:
    """Read the answers of finished sub-sections; an unreadable one is computed again."""
    from ops.analysis.challenge.question import StretchAnswer

    answers = {}
    for number in store:
        try:
            answers[number] = StretchAnswer.from_dataset(store[number])
        except (OSError, ValueError, KeyError, EOFError, RuntimeError):
            continue
    return answers


def _written(out: Path, findings: Findings, progress: Progress) -> list[Statistic]:
    from ops.analysis.challenge.files import write_rasters, write_tables
    from ops.analysis.challenge.report.page import write_page
    from ops.analysis.challenge.report.pictures import (
        GROUND_PANELS,
        LARGEST_PIXELS,
        LAYOUT_PANELS,
        draw_crossings,
        draw_maps,
        draw_scores,
    )
    from ops.analysis.challenge.report.profiles import draw_profiles
    from ops.analysis.challenge.statistics import records_by_segment, records_of

    records = records_of(findings)
    bar = progress.add_task(say("challenge-progress-files"), total=8)
    pictures = write_rasters(out, findings, LARGEST_PIXELS)
    progress.update(bar, advance=1)
    work: list[Callable[[], object]] = [
        lambda: write_tables(out, findings, records, records_by_segment(findings)),
        lambda: draw_scores(out / PICTURES[0], findings),
        lambda: draw_maps(out / PICTURES[1], findings, pictures, GROUND_PANELS),
        lambda: draw_maps(out / PICTURES[2], findings, pictures, LAYOUT_PANELS),
        lambda: draw_crossings(out / PICTURES[3], findings),
        lambda: draw_profiles(out / PICTURES[4], findings),
        lambda: write_page(out / REPORT, findings, records, [out / name for name in PICTURES]),
    ]
    for write in work:
        write()
        progress.update(bar, advance=1)
    return records


def _figures(findings: Findings, records: list[Statistic]) -> dict[str, Any]:
    question, attrs = findings.question, findings.segments.attrs
    from ops.analysis.challenge.files import interruption_of
    from ops.analysis.challenge.findings import bounds_in
    from ops.analysis.challenge.provenance import needs_caution
    from ops.analysis.challenge.report.words import limit

    beyond = OffTerrain.of(question.ground)

    least = findings.least_detection
    cautioned = needs_caution(findings.barrier.get("k"), least, findings.required)
    paths = {
        kind.replace(" ", "_"): {
            "segment": way["segment"],
            "seconds": _rounded(way["seconds"]),
            "metres": _rounded(way["metres"]),
            "p_detect": _rounded(way["p_detect"]),
            "p_detect_low": _rounded(way["p_detect_low"]),
            "p_interruption": _rounded(interruption_of(findings, way)),
            "p_interruption_by_strips": _by_strips(findings, way),
            "unknown_m": _rounded(way["unknown_m"]),
            "confirmed_track": dict(way["confirmed"]),
        }
        for kind, way in findings.crossings.items()
    }
    return {
        "made_by": KIND,
        "sector": question.ground.sector.name,
        "layout": question.ground.layout.name,
        "sensors": question.links.sensors,
        "target": question.target,
        "conditions": question.conditions,
        "direction": question.direction,
        "required_probability": findings.required,
        "belt_m": question.belt_m,
        "segments": int(findings.segments.sizes["segment"]),
        "frame": question.ground.frame_figures,
        "off_terrain": beyond.record,
        "reference": attrs.get("reference", "none"),
        "reference_misfit": attrs.get("reference_misfit", ""),
        "missing": attrs["missing"],
        "ground": question.ways.record,
        "unlinked": list(question.links.unlinked),
        "links": question.links.record,
        "any_layout": {
            name: {"hardest_segments": _hardest(findings.segments[name].to_numpy())}
            for name in ("crossing_ease", "surveillance_difficulty", "response_difficulty")
        },
        "bounds": bounds_in(findings),
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
                for gap in findings.gaps
            ],
            "crossings": paths,
            "barrier": dict(findings.barrier)
            | {
                "meaning": say_in_english(limit("footprints")),
                "caution": say_in_english("challenge-barrier-caution", least=least) if cautioned else "",
            },
        },
        "records": [record.as_dict(say_in_english) for record in records],
    }


def _by_strips(findings: Findings, way: Any) -> dict[str, float | None]:
    """Return P_I of a path by the number of strips: its sensitivity."""
    one = findings.segments.sel(segment=way["segment"])
    tried = one["interruption_by_strips"].sel(way=way["kind"])
    strips = float(one["strips"])
    if not math.isfinite(strips):
        return {}
    return {
        f"{max(1, round(float(factor) * strips))}": _rounded(float(tried.sel(strips_tried=factor)))
        for factor in tried["strips_tried"].to_numpy()
    }


def _hardest(scores: Any) -> list[int]:
    order = np.argsort(-np.where(np.isnan(scores), -1.0, scores), kind="stable")
    return [int(i) for i in order[:LISTED] if not np.isnan(scores[i])]


def _rounded(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _lines(findings: Findings) -> list[Message]:
    """Return the headline, and what a reader must know beside it."""
    from geo.message import Message
    from ops.analysis.challenge.provenance import barrier_messages

    return [
        *([Message("challenge-headline-all-unknown")] if findings.nothing_known else _gap_lines(findings)),
        *barrier_messages(findings.barrier, findings.least_detection, findings.required),
        *OffTerrain.of(findings.question.ground).messages,
        *unlinked_messages(findings.question.links.unlinked),
    ]


def _gap_lines(findings: Findings) -> list[Message]:
    """Return the number of segments with a coverage gap, and of those for which that is unknown."""
    from geo.message import Message

    def segments(known: bool) -> int:
        return sum(gap.last - gap.first + 1 for gap in findings.gaps if gap.known is known)

    counts = {"gaps": segments(True), "segments": findings.question.ground.crossed.segments}
    name = "challenge-headline" if counts["gaps"] else "challenge-headline-none"
    unknown = segments(False)
    return [
        Message(name, {**counts, "required": findings.required}),
        *([Message("challenge-headline-unknown", {"unknown": unknown})] if unknown else []),
    ]
