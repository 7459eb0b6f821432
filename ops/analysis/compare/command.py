"""``watchline compare``: layouts of a sector at equal life-cycle cost, as sentences, figures and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console

from geo.errors import BadInput
from ops.analysis.compare.comparison import PDF, REPORT, SAMPLES, SEGMENTS, Comparison, steps, studied
from ops.analysis.compare.options import CompareOptions
from ops.analysis.compare.threshold_history import recorded
from ops.analysis.compare.thresholds import Threshold, read_thresholds
from ops.analysis.compare.wording import details, headline, k_known, limits, names_in, strips_at
from ops.analysis.inputs import catalogue_of
from ops.analysis.option_types import named
from ops.runtime.output import SUMMARY, prepare_folder, progress_bar, say, say_in_english, write_summary
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import Sector, layout_path, load_sector
from ops.sector.ways import ways_of

if TYPE_CHECKING:
    import xarray as xr

    from geo.frame import LocalFrame
    from sensors.equipment.catalogue import Catalogue
    from sensors.layout import Layout
    from sensors.planning import CompareSettings
    from sensors.planning.comparison.mobile_parts import MobilePart

KIND: Final = "watchline compare"
FILES: Final = (REPORT, PDF, SAMPLES, SEGMENTS, SUMMARY)
LISTED_WORST: Final = 5


def compare_layouts(options: CompareOptions, screen: Console) -> dict[str, Any]:
    """Compare, write the report into ``options.out`` if given, and return the figures for ``--json``.

    The same options give the same figures and the same files.
    """
    settings, thresholds = settings_of(options), read_thresholds(options.thresholds)
    if len(options.layouts) < 2:
        raise BadInput(f"{len(options.layouts)} layout", where="LAYOUT", expected="at least 2 layouts")
    if options.out is not None:
        prepare_folder(options.out, FILES, made_by=KIND)
    comparison = _computed(options, settings, thresholds, screen)
    figures = figures_of(comparison)
    if options.out is not None:
        from ops.analysis.compare.report import write_report
        from ops.analysis.compare.tables import write_tables

        write_report(options.out, comparison, pdf=options.pdf)
        write_tables(options.out, comparison)
        files = [name for name in FILES if options.pdf or name != PDF]
        write_summary(options.out / SUMMARY, {**figures, "files": files})
        figures["files"] = [str(options.out / name) for name in files]
    lines = [say(headline(comparison.verdict)), *map(say, details(comparison.verdict))]
    if comparison.history is not None:
        lines += [say("compare-warning", warning=say(warning)) for warning in comparison.history.warnings]
    if options.out is not None:
        lines.append(say("console-output", folder=str(options.out)))
    for line in lines:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    return figures


def settings_of(options: CompareOptions) -> CompareSettings:
    """Return the settings of the comparison; raises BadInput for invalid ones."""
    from sensors.planning import CompareSettings

    plain = CompareSettings(
        budget=options.budget,
        years=options.years,
        discount_rate=options.discount,
        target=options.target,
        direction=options.direction,
        required_probability=options.required,
        operators=options.operators,
        residual_item=None if options.residual_item == "none" else options.residual_item,
        objective=options.objective,
        samples=options.samples,
        seed=options.seed,
    )
    if not options.weather:
        return plain
    weather = _weather(options.weather)
    with named("--weather"):
        return replace(plain, weather=weather)


def _weather(given: Sequence[str]) -> dict[str, float]:
    from sensors.detection_model.weather import conditions_of

    weather: dict[str, float] = {}
    for text in given:
        name, equals, fraction = text.rpartition("=")
        try:
            value = float(fraction)
        except ValueError:
            value = -1.0
        if not equals or not name or value < 0.0:
            raise BadInput(f"{text!r}", where="--weather", expected="conditions and a fraction, such as night,fog=0.1")
        if name in weather:
            raise BadInput(f"{name!r} is given twice", where="--weather", expected="each weather once")
        with named("--weather"):
            conditions_of(name)
        weather[name] = value
    return weather


def _computed(
    options: CompareOptions, settings: CompareSettings, thresholds: Sequence[Threshold], screen: Console
) -> Comparison:
    from sensors.planning.comparison.degradation import degraded
    from sensors.planning.comparison.design import residual_item_of

    sector, catalogue = load_sector(options.sector), catalogue_of(options.catalogue)
    with named("--residual-item"):
        residual_item_of(catalogue, settings)
    ground = open_sector(sector)
    ways = ways_of(ground)
    layouts = layouts_of(sector, options.layouts, ground.frame, catalogue)
    mobile = mobile_of(options, layouts, ground.frame, catalogue)
    history = None  # recorded before the result is known
    if options.thresholds is not None:
        history = recorded(options.thresholds, thresholds, today=datetime.now(UTC).date())
    with progress_bar(screen) as progress:
        bar = progress.add_task(say("compare-doing-layouts"), total=steps(layouts) + 1)
        study, verdict = studied(
            layouts,
            ground,
            settings,
            ways=ways.ways,
            catalogue=catalogue,
            mobile=mobile,
            progress=lambda doing, done: progress.update(
                bar, description=say(f"compare-doing-{doing}"), completed=done
            ),
        )
        progress.advance(bar)
        adverse = degraded(study)
        progress.advance(bar)
    return Comparison(sector, study, verdict, adverse, thresholds, ways, history)


def layouts_of(sector: Sector, names: Sequence[str], frame: LocalFrame, catalogue: Catalogue) -> list[Layout]:
    """Return layouts by name or file, in order; duplicate names get a number."""
    from sensors.layout import Layout

    layouts: list[Layout] = []
    for name in names:
        layout = Layout.from_file(layout_path(sector, name), frame, catalogue=catalogue)
        taken, number = {other.name for other in layouts}, 2
        title = layout.name
        while title in taken:
            title, number = f"{layout.name} ({number})", number + 1
        layouts.append(replace(layout, name=title))
    return layouts


def mobile_of(
    options: CompareOptions, layouts: Sequence[Layout], frame: LocalFrame, catalogue: Catalogue
) -> dict[str, tuple[MobilePart, ...]]:
    """Return the mobile parts of each layout by its name; raises BadInput for a file or a layout that is not there."""
    from ops.analysis.mobile.schedule_file import read_schedules

    mobile: dict[str, tuple[MobilePart, ...]] = {}
    for text in options.schedules:
        name, equals, file = text.partition("=")
        expected = "a layout of the comparison and a file, such as basic=schedules.geojson"
        if not equals or name not in options.layouts:
            raise BadInput(f"{text!r}", where="--schedules", expected=expected)
        if not Path(file).is_file():
            raise BadInput(f"there is no file {file!r}", where="--schedules", expected=expected)
        layout = layouts[options.layouts.index(name)].name
        mobile[layout] = (*mobile.get(layout, ()), *read_schedules(Path(file), frame, catalogue))
    return mobile


def figures_of(comparison: Comparison) -> dict[str, Any]:
    """Return the figures as JSON: numbers, text, and null where unknown."""
    verdict = comparison.verdict
    names = [str(name) for name in verdict["layout"].to_numpy()]
    told = limits(comparison)
    return {
        "made_by": KIND,
        "sector": comparison.sector.name,
        "headline": say_in_english(headline(verdict)),
        "details": [say_in_english(one) for one in details(verdict)],
        "messages": [one.as_dict() for one in (headline(verdict), *details(verdict))],
        "target": verdict.attrs["target"],
        "direction": verdict.attrs["direction"],
        "objective": verdict.attrs["objective"],
        "meaning": say_in_english("compare-objective-meaning", objective=verdict.attrs["objective"]),
        "budget": verdict.attrs["budget"],
        "currency": verdict.attrs["currency"],
        "years": verdict.attrs["years"],
        "samples": verdict.attrs["samples"],
        "seed": verdict.attrs["seed"],
        "interval": list(verdict.attrs["interval"]),
        "layouts": {name: _layout_figures(comparison, name) for name in names},
        "beats": {
            str(objective): {
                a: {b: _number(verdict["beats"].sel(objective=objective, layout=a, other=b)) for b in names if b != a}
                for a in names
            }
            for objective in verdict["objective"].to_numpy()
        },
        "against": {name: _duel(verdict, name) for name in names[1:]},
        "thresholds": [_threshold_figures(comparison, one) for one in comparison.thresholds],
        "threshold_history": None if comparison.history is None else comparison.history.figures,
        "catalogue": verdict.attrs["catalogue"],
        "limits": list(map(say_in_english, told)),
        "limit_messages": [message.as_dict() for message in told],
        "response_assumptions": [text for text in verdict.attrs["response_assumptions"].split("; ") if text],
        "strips": verdict.attrs["strips"],
        "missing": [layer for layer in str(verdict.attrs["missing"]).split(", ") if layer],
        "ground": comparison.ways.record,
        "segments_left_out": verdict.attrs["segments_left_out"],
    }


def _layout_figures(comparison: Comparison, name: str) -> dict[str, Any]:
    from sensors.planning.comparison.dataset import MEASURES

    figures = comparison.verdict.sel(layout=name)
    measures = {}
    for measure in MEASURES:
        values = figures[measure].to_numpy()
        known = not np.isnan(values).any()
        low, high = np.quantile(values, comparison.verdict.attrs["interval"]) if known else (np.nan, np.nan)
        measures[measure] = {
            "central": _number(figures[f"{measure}_central"]),
            "low": _number(low),
            "high": _number(high),
        }
    detection = figures["segment_detection"].to_numpy()
    worst = [int(i) for i in np.argsort(np.where(np.isnan(detection), np.inf, detection), kind="stable")[:LISTED_WORST]]
    return {
        "sensors": len(comparison.study.layouts[comparison.study.names.index(name)]),
        "mobile": _mobile_figures(comparison, name),
        **measures,
        "covered_km": _number(figures["covered_km"]),
        "cost_per_covered_km": _number(figures["cost_per_covered_km"]),
        "challenge_left": _number(figures["challenge_left"]),
        "k": None if np.isnan(figures["k"]) else int(figures["k"]),
        **({"k_at_most": int(figures["k_at_most"])} if figures["k_at_most"] > figures["k"] else {}),
        "single_points_of_failure": names_in(figures["single_points_of_failure"]) if k_known(figures) else None,
        "unlinked": names_in(figures["unlinked"]),
        "worst_segments": [
            {"segment": i, "detection": _number(detection[i])} for i in worst if not np.isnan(detection[i])
        ],
        "gain_before_displacement": _number(figures["gain_before"]),
        "gain_after_displacement": _number(figures["gain_after"]),
        "interruption_by_strips": _by_strips(comparison, name),
        "adverse_scenarios": {
            str(scenario): _number(comparison.adverse["mean_detection"].sel(layout=name, scenario=scenario))
            for scenario in comparison.adverse["scenario"].to_numpy()
        },
    }


def _mobile_figures(comparison: Comparison, name: str) -> list[dict[str, Any]]:
    """Return the mobile parts of a layout: the item, what it carries, and its units."""
    mobile = comparison.study.designs[comparison.study.names.index(name)].exposure.mobile
    return [
        {"id": key, "item": part.item.name, "carries": part.camera.name, "units": part.units}
        for key, part in mobile.items()
    ]


def _by_strips(comparison: Comparison, name: str) -> list[dict[str, Any]]:
    """Return the interruption of a layout with half, as many and twice as many strips, all inputs central."""
    tried = comparison.verdict.sel(layout=name)
    return [
        {
            "strips": strips_at(comparison.verdict, float(factor)),
            "mean_interruption": _number(tried["mean_interruption_by_strips"].sel(strips_tried=factor)),
            "least_interruption": _number(tried["least_interruption_by_strips"].sel(strips_tried=factor)),
        }
        for factor in comparison.verdict["strips_tried"].to_numpy()
    ]


def _duel(verdict: xr.Dataset, other: str) -> dict[str, Any]:
    """Compare the first layout with another: the deciding inputs and the break-even values."""
    duel = verdict.sel(other=other)
    width = np.abs(duel["swing_high"].to_numpy() - duel["swing_low"].to_numpy())
    order = [int(i) for i in np.argsort(-np.nan_to_num(width), kind="stable")[:12] if not np.isnan(width[i])]
    first = verdict["layout"].to_numpy()[0]
    sides = {"first": str(first), "other": other}
    return {
        "confidence": str(duel["confidence"].item()),
        "tornado": [
            {
                "input": str(verdict["input"].to_numpy()[i]),
                "at": [_number(verdict["input_low"][i]), _number(verdict["input_high"][i])],
                "difference": [_number(duel["swing_low"][i]), _number(duel["swing_high"][i])],
                "confidence": str(verdict["input_confidence"].to_numpy()[i]),
            }
            for i in order
        ],
        "break_even_availability_factor": {
            sides[str(side)]: _number(duel["break_even_availability"].sel(side=side))
            for side in verdict["side"].to_numpy()
        },
        "break_even_price_factor": {
            sides[str(side)]: _number(duel["break_even_price"].sel(side=side)) for side in verdict["side"].to_numpy()
        },
    }


def _threshold_figures(comparison: Comparison, threshold: Threshold) -> dict[str, Any]:
    verdict = comparison.verdict
    achieved = verdict[threshold.measure]

    def met(value: float) -> dict[str, float | None]:
        return {
            str(name): _number(threshold.met_by(achieved.sel(layout=name).to_numpy(), value=value).mean())
            for name in verdict["layout"].to_numpy()
        }

    return {
        "name": threshold.name,
        "measure": threshold.measure,
        "value": threshold.value,
        "first_value": threshold.first,
        "weakened": threshold.weakened,
        "met_in_fraction_of_samples": met(threshold.value),
        "met_as_first_set": met(threshold.first),
        "log": [{"value": c.value, "on": c.on.isoformat(), "by": c.by, "why": c.why} for c in threshold.log],
    }


def _number(value: Any) -> float | None:
    number = float(value)
    return None if not np.isfinite(number) else float(f"{number:.6g}")
