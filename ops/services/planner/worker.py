"""The planner's process, separate from the server: coverage of an edited layout, comparisons and plans.

It reads one JSON order per line from stdin and writes JSON lines to stdout: ``{"done", "total", "doing"}`` during the
work, then one line with ``answer`` or ``refused`` (a sentence). It ends as soon as stdin closes, also in the middle of
an order: then the server has ended, and no one waits for the answer. Nothing else is written to stdout.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, Final, TextIO

import numpy as np

import ops.runtime.processes.without_pyarrow  # noqa: F401 - before anything that loads pandas
from geo.errors import BadInput, WatchlineError
from ops.analysis.plan.files import layout_document
from ops.drawing.colours import Palette
from ops.runtime.output import say_in_english
from ops.sector.layouts.links import links_of
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import Sector, load_sector
from ops.sector.ways import SectorWays, ways_of
from ops.services.planner.drawing import (
    catalogue_records,
    change_legend,
    change_png,
    corners_of,
    coverage_png,
    json_number,
    legend,
    part_records,
    segment_records,
    viewshed_png,
)
from ops.services.planner.edits import edited_layout
from ops.services.planner.reports import write_compare_report
from ops.services.planner.sector_coverage import CoverageCase, SectorCoverage
from sensors.coverage.live import LiveCoverage
from sensors.coverage.sight import SightTask, refuse_off_the_map, sight
from sensors.equipment.catalogue import shipped
from sensors.layout import Layout
from sensors.planning.choice.layout_cost import layout_cost
from sensors.planning.choice.options import Money

JobProgress = Callable[[str, int, int], None]
PALETTES: Final[tuple[Palette, ...]] = ("day", "night")
SIDES: Final = ("before", "after")
"""The two layouts of a difference."""


class Planner:
    """One sector, loaded once, and the coverage of the layouts in use."""

    def __init__(self, sector: Sector) -> None:
        self._sector = sector

    @cached_property
    def ground(self) -> OpenSector:
        return open_sector(self._sector)

    @cached_property
    def money(self) -> Money:
        """Costs as ``watchline plan`` counts them by default."""
        return Money(catalogue=shipped())

    @cached_property
    def ways(self) -> SectorWays:
        return ways_of(self.ground)

    @cached_property
    def kept(self) -> SectorCoverage:
        """The coverage of the layouts in use."""
        return SectorCoverage(self.ground)

    def setup(self, _order: Mapping[str, Any], _progress: JobProgress) -> dict[str, Any]:
        """Initial data of a page: layouts with their sensors, the equipment, corners of the picture, border, legend."""
        import shapely

        from geo.terrain import bounds

        parts = shapely.get_parts(self.ground.crossed.line)
        return {
            "sector": self._sector.name,
            "title": self._sector.title,
            "corners": corners_of(bounds(self.ground.terrain), self.ground.frame),
            "border": [np.column_stack(self.ground.frame.to_lonlat(*np.array(p.coords).T)).tolist() for p in parts],
            "currency": self.money.catalogue.currency,
            "years": self.money.years,
            "equipment": catalogue_records(self.money),
            "layouts": [self._layout_record(name) for name in self._sector.layouts],
            "legend": {palette: legend(palette) for palette in PALETTES},
            "change_legend": {palette: change_legend(palette) for palette in PALETTES},
            "segments": segment_records(self.ground.crossed, self.ground.frame),
        }

    def coverage(self, order: Mapping[str, Any], _progress: JobProgress) -> dict[str, Any]:
        """Coverage of an edited layout: a picture, figures for the belt, and the cost beside that of the original."""
        original = self.original(str(order["layout"]), order.get("document"))
        layout = self._with_edits(original, order)
        silent = self._unheard(layout)
        live = self._live(order, layout, silent)
        means = self.kept.means(live)
        return {
            "figures": {
                "mean_probability": json_number(means.mean_probability),
                "worst_segment": json_number(means.worst_segment),
                "worst_segment_number": means.number,
                "sensors": len(layout),
                "relays": len(layout.relays),
            },
            "segments": [json_number(value) for value in self.kept.segment_means(live)],
            "cost": asdict(layout_cost((*layout.relays, *layout.sensors), self.money)),
            "saved_cost": asdict(layout_cost((*original.relays, *original.sensors), self.money)),
            "unlinked": sorted(silent),
            "problems": dict(live.problems),
            "picture": base64.b64encode(coverage_png(live.rasters[None], order.get("palette", "day"))).decode(),
        }

    def difference(self, order: Mapping[str, Any], _progress: JobProgress) -> dict[str, Any]:
        """What one edited layout covers more and less than another: a picture, and the areas gained and lost."""
        asked = [{**order[side], "target": order["target"], "conditions": order["conditions"]} for side in SIDES]
        before, after = (self._live(one, layout := self.layout(one), self._unheard(layout)) for one in asked)
        change = self.kept.change(before, after)
        return {
            "gained_km2": round(change.gained_m2 / 1e6, 3),
            "lost_km2": round(change.lost_m2 / 1e6, 3),
            "picture": base64.b64encode(change_png(change.values, order.get("palette", "day"))).decode(),
        }

    def _live(self, order: Mapping[str, Any], layout: Layout, silent: Collection[str]) -> LiveCoverage:
        """The coverage of a layout, an edit of the one that the order names, without its ``silent`` sensors."""
        target, conditions = str(order.get("target", "person")), str(order.get("conditions", "day"))
        case = CoverageCase(str(order["layout"]), target, conditions)
        return self.kept.of(case, layout, tuple(one for one in layout.ids if one not in silent))

    def viewshed(self, order: Mapping[str, Any], _progress: JobProgress) -> dict[str, Any]:
        """What one sensor of an edited layout has a line of sight to, by the fast method: a picture of its window."""
        from geo.terrain import cell_size

        terrain = self.ground.terrain
        place = self.layout(order).placement(str(order["sensor"]))
        refuse_off_the_map(place.sensor, terrain)
        seen = sight(place, terrain, SightTask(str(order.get("target", "person")), mode="fast"))
        half = cell_size(terrain) / 2.0
        easting = terrain["easting"].to_numpy()[seen.columns]
        northing = terrain["northing"].to_numpy()[seen.rows]
        box = (easting[0] - half, northing[-1] - half, easting[-1] + half, northing[0] + half)
        return {
            "corners": corners_of(box, self.ground.frame),
            "picture": base64.b64encode(viewshed_png(seen.states)).decode(),
        }

    def compare(self, order: Mapping[str, Any], progress: JobProgress) -> dict[str, Any]:
        """Compare layouts at equal life-cycle cost: the verdict's headline and the measures of each."""
        from ops.analysis.compare.comparison import steps, studied
        from ops.analysis.compare.wording import details, headline
        from sensors.planning import CompareSettings
        from sensors.planning.comparison.dataset import MEASURES

        layouts = [self.layout(one) for one in order["layouts"]]
        if len(layouts) < 2:
            raise BadInput(f"{len(layouts)} layout", where="compare", expected="2 layouts")
        names = [
            f"{layout.name} ({'AB'[n]})" if layouts[0].name == layouts[1].name else layout.name
            for n, layout in enumerate(layouts[:2])
        ]
        layouts = [replace(layout, name=name) for layout, name in zip(layouts[:2], names, strict=True)]
        settings = CompareSettings(
            budget=order.get("budget"), samples=int(order.get("draws", 300)), target=str(order.get("target", "person"))
        )
        total = steps(layouts)
        study, verdict = studied(
            layouts,
            self.ground,
            settings,
            ways=self.ways.ways,
            progress=lambda doing, done: progress(doing, done, total),
        )
        progress("report", total, total)
        write_compare_report(order, self._sector, self.ways, (study, verdict))
        measures = {
            layout.name: {name: json_number(verdict[f"{name}_central"].sel(layout=layout.name)) for name in MEASURES}
            for layout in layouts
        }
        return {
            "headline": say_in_english(headline(verdict)),
            "details": [say_in_english(one) for one in details(verdict)],
            "messages": [one.as_dict() for one in (headline(verdict), *details(verdict))],
            "layouts": list(measures),
            "measures": measures,
            "samples": settings.samples,
            "ground": self.ways.record,
        }

    def plan(self, order: Mapping[str, Any], progress: JobProgress) -> dict[str, Any]:
        """Plan what to buy, extending a layout or from scratch (``ops.services.planner.plan_search``)."""
        from ops.services.planner.plan_search import PlannedGround, plan_answer

        present = self.layout(order["start"]) if order.get("start") else None
        return plan_answer(order, PlannedGround(self.ground, self.ways, self.money), present, progress)

    def save(self, order: Mapping[str, Any], _progress: JobProgress) -> dict[str, Any]:
        """A layout with its edits as a layout file."""
        return layout_document(self.layout(order))

    def _unheard(self, layout: Layout) -> frozenset[str]:
        """Sensors and relays without a radio link to a base; none where links are not checked."""
        return frozenset(links_of(self.ground, layout).unlinked)

    def original(self, name: str, document: Any = None) -> Layout:
        """A layout of the sector as in its file, or a planned layout from its ``document``."""
        if document is not None:
            return Layout.from_geojson(document, self.ground.frame, name=name)
        path = self._sector.layouts.get(name)
        if path is None:
            raise BadInput(f"no layout {name!r}", where="plan", expected=", ".join(self._sector.layouts))
        return Layout.from_file(path, self.ground.frame)

    def layout(self, order: Mapping[str, Any]) -> Layout:
        """The layout that an order names, with its edits (``edited_layout``)."""
        return self._with_edits(self.original(str(order["layout"]), order.get("document")), order)

    def _with_edits(self, original: Layout, order: Mapping[str, Any]) -> Layout:
        return edited_layout(original, order.get("edits") or {}, self.money.catalogue)

    def _layout_record(self, name: str) -> dict[str, Any]:
        layout = self.original(name)
        return {"name": name, "title": layout.name, "sensors": part_records(layout)}


def answer(planner: Planner, order: Any, write: Callable[[Mapping[str, Any]], None]) -> None:
    """Carry out one order with progress, and write its answer, or a sentence with the reason for refusing it."""
    work = {
        "setup": planner.setup,
        "coverage": planner.coverage,
        "difference": planner.difference,
        "viewshed": planner.viewshed,
        "compare": planner.compare,
        "plan": planner.plan,
        "save": planner.save,
    }
    try:
        if not isinstance(order, Mapping) or order.get("do") not in work:
            name = order.get("do") if isinstance(order, Mapping) else None
            raise BadInput(f"unknown order {name!r}", where="planner", expected=", ".join(work))
        do = work[str(order["do"])]
        figures = do(order, lambda doing, done, total: write({"doing": doing, "done": done, "total": total}))
        write({"answer": figures})
    except WatchlineError as error:
        write({"refused": str(error)})
    except (KeyError, TypeError, ValueError) as error:
        write({"refused": f"The order cannot be read ({type(error).__name__}: {error})."})


def serve(sector: str, orders: Iterable[str], out: TextIO) -> None:
    """Answer the orders, one line each."""

    def write(message: Mapping[str, Any]) -> None:
        out.write(json.dumps(message, allow_nan=False) + "\n")
        out.flush()

    planner = Planner(load_sector(sector))
    for line in orders:
        try:
            order = json.loads(line)
        except ValueError:
            order = None
        answer(planner, order, write)


def main() -> None:
    """Entry point of ``python -m ops.services.planner.worker SECTOR``; output of libraries goes to stderr."""
    os.nice(5)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.argv[1], _lines_while_open(sys.stdin), out)


def _lines_while_open(stream: TextIO) -> Iterator[str]:
    """The lines of a stream; the process ends with it, whatever it is doing."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, name="orders", daemon=True).start()
    return iter(lines.get, "")


if __name__ == "__main__":
    main()
