"""``watchline coverage``: detection coverage of a layout, as rasters, a table of segments, maps and a summary."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress

from ops.analysis.coverage.options import CoverageOptions
from ops.analysis.coverage.window import cut_to_need
from ops.analysis.inputs import assumption_records
from ops.drawing.pages.pdf import pdf_beside
from ops.runtime.output import SUMMARY, prepare_folder, progress_bar, say, show, write_summary
from ops.sector.layouts.links import heard, links_of, unlinked_messages
from ops.sector.off_terrain import OffTerrain
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector

if TYPE_CHECKING:
    import xarray as xr

MAP, PDF = "map.html", "map.pdf"
KIND: Final = "watchline coverage"


def cover(options: CoverageOptions, screen: Console) -> dict[str, Any]:
    """Compute and write everything into ``options.out``; return the figures for the last line of ``--json``.

    The same sector, layout and options give the same bytes in every file. Files of an earlier run are replaced. Raises
    BadInput for a folder whose files of these names were not written by this command.
    """
    options.check()
    whole = open_sector(load_sector(options.sector), options.layout)
    links = links_of(whole)
    ground = cut_to_need(whole)
    from ops.analysis.coverage.files import RASTERS
    from ops.analysis.coverage.wording import summary_of
    from ops.drawing.coverage_classes import maps_of

    maps = maps_of(options.required)
    names = [*RASTERS, "segments.parquet", *(chosen.file for chosen in maps), MAP]
    prepare_folder(options.out, [*names, PDF, SUMMARY], made_by=KIND)
    with progress_bar(screen) as progress:
        rasters, segments, belt = _computed(heard(ground, links), options, progress)
        _written(ground, options, rasters, segments, belt, progress)
    names += [*pdf_beside(options.out / MAP, wanted=options.pdf), SUMMARY]
    beyond = OffTerrain.of(whole)
    figures = _figures(options, ground, rasters, segments, belt) | {
        "off_terrain": beyond.record,
        "cells": list(ground.terrain["elevation"].shape),
        "terrain_cells": list(whole.terrain["elevation"].shape),
        "unlinked": list(links.unlinked),
        "links": links.record,
    }
    files = [str(options.out / name) for name in names]
    write_summary(options.out / SUMMARY, {**figures, "assumptions": assumption_records(), "files": names})
    for line in (summary_of(belt), *beyond.messages, *unlinked_messages(links.unlinked)):
        screen.print(say(line), markup=False, highlight=False, soft_wrap=True)
    show(screen, "console-output", folder=str(options.out))
    return {**figures, "files": files}


def _computed(
    ground: OpenSector, options: CoverageOptions, progress: Progress
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    from sensors.coverage import coverage_rasters
    from sensors.coverage.segments import over_segments, whole_belt

    bar = progress.add_task(say("coverage-progress-sensors"), total=len(ground.layout))
    rasters = coverage_rasters(
        ground.layout,
        ground.terrain,
        ground.crossed,
        target=options.target,
        conditions=options.conditions,
        dwell_s=options.dwell_s,
        report=lambda done, total: progress.update(bar, completed=done, total=total),
    )
    belt_m = ground.sector.belt_m
    segments = over_segments(rasters, ground.crossed, belt_m=belt_m, required_probability=options.required)
    return rasters, segments, whole_belt(segments)


def _written(
    ground: OpenSector,
    options: CoverageOptions,
    rasters: xr.Dataset,
    segments: xr.Dataset,
    belt: xr.Dataset,
    progress: Progress,
) -> None:
    from ops.analysis.coverage.files import RASTERS, write_raster, write_segments
    from ops.analysis.coverage.html_map import CoverageTables, write_map
    from ops.drawing.coverage_classes import maps_of
    from ops.drawing.printed_map import draw

    out, maps = options.out, maps_of(options.required)
    work: list[Callable[[], None]] = [
        *(lambda f=f, v=v: write_raster(out / f, rasters, v) for f, v in RASTERS.items()),
        lambda: write_segments(out / "segments.parquet", segments, ground.crossed),
        *(lambda m=m: draw(out / m.file, m, rasters, ground) for m in maps),
        lambda: write_map(out / MAP, maps, rasters, CoverageTables(segments, belt), ground),
    ]
    for write in progress.track(work, description=say("coverage-progress-files")):
        write()


def _figures(
    options: CoverageOptions, ground: OpenSector, rasters: xr.Dataset, segments: xr.Dataset, belt: xr.Dataset
) -> dict[str, Any]:
    from ops.analysis.coverage.files import PER_SEGMENT
    from ops.analysis.coverage.wording import least_covered

    story = rasters.attrs
    covered = segments["covered_fraction"].sel(belt="both").to_numpy()
    return {
        "made_by": KIND,
        "sector": ground.sector.name,
        "layout": ground.layout.name,
        "sensors": len(ground.layout),
        "target": options.target,
        "conditions": story["conditions"],
        "conditions_numbers": json.loads(story["conditions_numbers"]),
        "dwell_s": float(options.dwell_s),
        "required_probability": float(options.required),
        "belt_m": float(ground.sector.belt_m),
        "belt": {
            str(side): {
                **{name: _number(belt[name].sel(belt=side)) for name in PER_SEGMENT},
                "cells": int(belt["cells_count"].sel(belt=side)),
            }
            for side in belt["belt"].to_numpy()
        },
        "frame": ground.frame_figures,
        "worst_segment": _worst(segments["mean_probability"].sel(belt="both").to_numpy()),
        "segments": int(segments.sizes["segment"]),
        "segments_wholly_covered": int((covered == 1.0).sum()),
        "worst_segments": [{"segment": i, "covered_fraction": _rounded(covered[i])} for i in least_covered(segments)],
        "formula": story["formula"],
        "expected": rasters["expected_probability"].attrs["long_name"],
        "independence": story["independence"],
        "limits": story["limits"],
        "sampling": segments.attrs["sampling"],
        "layout_checksum": story["layout_checksum"],
        "terrain_checksum": story.get("terrain_checksum"),
        "version": story["watchline_version"],
    }


def _worst(mean: np.ndarray[Any, Any]) -> dict[str, Any] | None:
    """Return the segment whose ``mean_probability`` is least; None where all are unknown."""
    if np.isnan(mean).all():
        return None
    at = int(np.nanargmin(mean))
    return {"segment": at, "mean_probability": _rounded(float(mean[at]))}


def _number(value: xr.DataArray) -> float | None:
    return _rounded(float(value))


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
