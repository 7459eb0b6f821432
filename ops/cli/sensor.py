"""``watchline sensor …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JsonOption, LayoutOption, SectorOption, answer, fail, screen

sensor_app = typer.Typer(help="Register, list, try out and task sensors.", no_args_is_help=True)

SensorArgument = Annotated[str, typer.Argument(metavar="SENSOR", help="Its id in the layout.")]


@sensor_app.command("register")
def sensor_register(
    name: SensorArgument,
    sector: SectorOption = "cumberland",
    layout: LayoutOption = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of `watchline run`.")] = None,
    sapient_node: Annotated[str | None, typer.Option("--sapient-node", metavar="UUID", help="The node it is.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say where a sensor of the layout sends and in which forms; note which SAPIENT node it is."""
    from ops.admin.sensor import register, show_registration

    registration = register(sector, layout, name, data=data, node=sapient_node)
    show_registration(registration, screen)
    answer(registration, as_json=as_json)


@sensor_app.command("list")
def sensor_list(
    sector: SectorOption = "cumberland",
    layout: LayoutOption = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of `watchline run`.")] = None,
    as_json: JsonOption = False,
) -> None:
    """The layout's sensors; with --data their states, receipts and SAPIENT nodes."""
    from ops.admin.sensor import listing

    answer(listing(sector, layout, data, screen), as_json=as_json)


@sensor_app.command("test")
def sensor_test(
    file: Annotated[Path, typer.Argument(help="A file with the bytes of one message.")],
    content_type: Annotated[str, typer.Option("--content-type", help="As the message's MQTT 5 content type.")] = (
        "application/json"
    ),
    channel: Annotated[str, typer.Option("--channel", help="detections or status")] = "detections",
    name: Annotated[str | None, typer.Option("--sensor", help="As if sent on this sensor's topic.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what ingest would make of a message: its plots, or the field for which it is refused."""
    from ops.admin.sensor import show_test, test

    result = test(file, content_type=content_type, channel=channel, sensor=name)
    show_test(result, screen)
    answer(result, as_json=as_json)
    if not result["accepted"]:
        fail(result["refused"]["sentence"], 1)


@sensor_app.command("task")
def sensor_task(
    name: SensorArgument,
    data: Annotated[Path, typer.Option("--data", help="Folder of `watchline run`.")],
    mode: Annotated[str | None, typer.Option("--mode", help="Change to this mode.")] = None,
    request: Annotated[str | None, typer.Option("--request", help="A request in the node's own words.")] = None,
    look_at: Annotated[
        str | None, typer.Option("--look-at", metavar="AZ[,EL]", help="Degrees from true north.")
    ] = None,
    stop: Annotated[str | None, typer.Option("--stop", metavar="TASK", help="End this task.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Give a SAPIENT node a task; a running `watchline run --sapient` sends it."""
    from ops.admin.sensor import TaskRequest, give_task

    answer(give_task(name, data, TaskRequest(mode, request, look_at, stop)), as_json=as_json)


@sensor_app.command()
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
    from ops.admin.survey import Measured, show_survey
    from ops.admin.survey import survey as record

    measured = Measured(lon, lat, mast, site_sd, north_offset, north_sd, tuple(sighting or ()), day, method)
    result = record(sector, layout, name, measured, out=out)
    show_survey(result, screen)
    answer(result, as_json=as_json)


@sensor_app.command()
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
    from ops.admin.calibrate import CalibrationRequest, calibrate_journal, show_calibration
    from ops.journal.command import moment

    wanted = CalibrationRequest(
        journal, sector, layout, settings, moment(since, "--since"), moment(until, "--until"), support
    )
    calibration = calibrate_journal(wanted, screen)
    show_calibration(calibration, screen)
    answer(calibration, as_json=as_json)
