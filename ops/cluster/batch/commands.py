"""Commands of one sector that a nation file gives to all sectors, and what a nation reads of each result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput

SectorFigures = dict[str, float | str | None]
"""Of a sector, by column; None where unknown."""


@dataclass(frozen=True, slots=True)
class NationCommand:
    """A command of one sector.

    Parameters
    ----------
    kind : str
        Its name, as in ``made_by`` of its summary.
    work : callable
        Computes one sector into ``options.out``; returns its figures.
    check : callable
        Raises BadInput for options that are invalid whatever the sector.
    figures : callable
        Selects from the figures of a sector those that the nation shows, by column.
    measure : str
        Column of the sector's ``segments.parquet`` whose lowest values are the worst segments; empty without one.
    page : str
        The page of a sector in its folder; empty without one.
    refused : tuple of str
        Options that are for one sector only.
    """

    kind: str
    work: Callable[[Any, Console], dict[str, Any]]
    check: Callable[[Any], None]
    figures: Callable[[Mapping[str, Any]], SectorFigures]
    measure: str = ""
    page: str = "report.html"
    refused: tuple[str, ...] = ()


def _coverage_figures(figures: Mapping[str, Any]) -> SectorFigures:
    both = figures["belt"]["both"]
    return {
        "sensors": float(figures["sensors"]),
        "covered": both["covered_fraction"],
        "dead_ground": both["dead_ground_fraction"],
        "unknown_ground": both["unknown_fraction"],
    }


def _challenge_figures(figures: Mapping[str, Any]) -> SectorFigures:
    gaps = figures["this_layout"]["gaps"]
    least = figures["this_layout"]["crossings"].get("minimum_detection", {})
    interruption = next(record for record in figures["records"] if record["id"] == "least-interruption")
    return {
        "sensors": float(figures["sensors"]),
        "segments": float(figures["segments"]),
        "gap_segments": float(sum(gap["last"] - gap["first"] + 1 for gap in gaps if gap["known"])),
        "unknown_segments": float(sum(gap["last"] - gap["first"] + 1 for gap in gaps if not gap["known"])),
        "least_detection": least.get("p_detect"),
        "least_interruption": interruption["value"],
    }


def _plan_figures(figures: Mapping[str, Any]) -> SectorFigures:
    names = ("value_before", "value", "cost", "optimality_gap")
    return {name: figures[name] for name in names}


def _compare_figures(figures: Mapping[str, Any]) -> SectorFigures:
    return {"answer": figures["headline"]}


def _sites_figures(figures: Mapping[str, Any]) -> SectorFigures:
    covered = figures.get("covered_percent")
    return {
        "sites": float(figures["sites"]),
        "visible": figures["visible_percent"] / 100.0,
        "unknown_ground": figures["unknown_percent"] / 100.0,
        "chosen": float(len(figures.get("chosen", ()))),
        "chosen_covered": None if covered is None else covered / 100.0,
    }


def _coverage() -> NationCommand:
    from ops.analysis.coverage.command import KIND, cover

    return NationCommand(
        KIND, cover, lambda options: options.check(), _coverage_figures, "covered_fraction", "map.html"
    )


def _challenge() -> NationCommand:
    from ops.analysis.challenge.command import KIND, assess

    refused = ("roads", "rivers", "fords")
    return NationCommand(
        KIND, assess, lambda options: options.check(), _challenge_figures, "detection_probability", refused=refused
    )


def _plan() -> NationCommand:
    from ops.analysis.plan.command import KIND, check_options, plan_sector

    refused = ("candidates", "launch_sites", "roads", "power")
    return NationCommand(KIND, plan_sector, check_options, _plan_figures, refused=refused)


def _compare() -> NationCommand:
    from ops.analysis.compare.command import KIND, compare_layouts, settings_of

    def check(options: Any) -> None:
        settings_of(options)

    return NationCommand(KIND, compare_layouts, check, _compare_figures, refused=("schedules", "thresholds"))


def _sites() -> NationCommand:
    from ops.analysis.terrain.sites_command import check_options, look_from_sites

    work = partial(look_from_sites, of_nation=True)
    return NationCommand("watchline sites", work, check_options, _sites_figures, page="", refused=("viewsheds",))


COMMANDS: Final[Mapping[str, Callable[[], NationCommand]]] = {
    "coverage": _coverage,
    "challenge": _challenge,
    "plan": _plan,
    "compare": _compare,
    "sites": _sites,
}


def command_named(name: str) -> NationCommand:
    """Return a command by its name on the command line."""
    return COMMANDS[name]()


def refuse_options_of_one_sector(command: NationCommand, options: Any) -> None:
    """Raise BadInput for an option that names a file of one sector, and for a nation without ``--out``."""
    for name in command.refused:
        if getattr(options, name):
            where = f"--{name.replace('_', '-')}"
            raise BadInput("is for one sector, not for a nation", where=where, expected="the keys of the sector files")
    if options.out is None:
        raise BadInput("is missing", where="--out", expected="a folder for the results of the sectors")
    assert isinstance(options.out, Path)
