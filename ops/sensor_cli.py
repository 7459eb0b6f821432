"""``watchline sensor survey`` and ``watchline sensor calibrate`` on the command line: a few lines each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SensorArgument = Annotated[str, typer.Argument(metavar="SENSOR", help="Its id in the layout.")]
SectorOption = Annotated[str, typer.Option("--sector", help="Sector TOML file, or a sample's name.")]
LayoutOption = Annotated[
    str | None, typer.Option("--layout", help="Layout by its name in the sector, or a file. Default: the first.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on one line, last on stdout.")]


def survey(
    name: SensorArgument,
    sector: SectorOption = "cumberland",
    layout: LayoutOption = None,
    lon: Annotated[float | None, typer.Option("--lon", help="Longitude of the place that was measured.")] = None,
    lat: Annotated[float | None, typer.Option("--lat", help="Latitude of the place that was measured.")] = None,
    mast: Annotated[float | None, typer.Option("--mast", metavar="M", help="Height above the ground.")] = None,
    site_sd: Annotated[
        float | None, typer.Option("--site-sd", metavar="M", help="How well the place is known (1 sigma of one axis).")
    ] = None,
    sighting: Annotated[
        list[str] | None,
        typer.Option(
            "--sighting",
            metavar="LON,LAT,READING",
            help="A landmark, and the azimuth at which the sensor sees it; two or more give north and its uncertainty.",
        ),
    ] = None,
    north_offset: Annotated[
        float | None, typer.Option("--north-offset", metavar="DEG", help="What its azimuths read too much.")
    ] = None,
    north_sd: Annotated[
        float | None, typer.Option("--north-sd", metavar="DEG", help="How well that is known (1 sigma).")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--on", metavar="DAY", help="Day of the survey, such as 2026-03-14.")
    ] = None,
    method: Annotated[str | None, typer.Option("--method", help="How it was done.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write this layout instead of changing the file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Record a sensor's measured place and north, with their uncertainty, in the layout; alone: say what is known."""
    from ops.cli import answer, screen
    from ops.survey_command import Measured, show_survey
    from ops.survey_command import survey as record

    measured = Measured(lon, lat, mast, site_sd, north_offset, north_sd, tuple(sighting or ()), day, method)
    found = record(sector, layout, name, measured, out=out)
    show_survey(found, screen)
    answer(found, as_json=as_json)


def calibrate(
    journal: Annotated[Path, typer.Argument(help="A journal, or the folder of `run` or `demo`.")],
    sector: SectorOption = "cumberland",
    layout: LayoutOption = None,
    settings: Annotated[Path | None, typer.Option("--settings", help="TOML as for `run`.", exists=True)] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Observed at or after.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Observed before.")] = None,
    support: Annotated[
        float, typer.Option("--support", metavar="S", help="Within so long another sensor must have seen the track.")
    ] = 15.0,
    as_json: JsonOption = False,
) -> None:
    """Compare the layout's probability of detection with what each sensor did detect, by class of ground."""
    from ops.calibrate_command import Wanted, calibrate_journal, show_calibration
    from ops.cli import answer, screen
    from ops.journal_command import moment

    wanted = Wanted(journal, sector, layout, settings, moment(since, "--since"), moment(until, "--until"), support)
    found = calibrate_journal(wanted, screen)
    show_calibration(found, screen)
    answer(found, as_json=as_json)
