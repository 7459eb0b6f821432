"""``watchline sensor …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import LayoutOption, SectorArgument, above_zero
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import (
    DataOption,
    JournalArgument,
    JsonOption,
    OptionalDataOption,
    SettingsOption,
    SinceOption,
    UntilOption,
    answer,
    fail,
    screen,
)

sensor_app = typer.Typer(cls=CommandGroup, help="Register, survey, test and task sensors.")

SensorArgument = Annotated[str, typer.Argument(metavar="SENSOR", help="Sensor ID in the layout.")]


@sensor_app.command("register", cls=Command)
def sensor_register(
    sector: SectorArgument,
    name: SensorArgument,
    layout: LayoutOption = None,
    data: OptionalDataOption = None,
    sapient_node: Annotated[
        str | None, typer.Option("--sapient-node", metavar="UUID", help="Node ID of the sensor; noted in --data.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a sensor sends; map a SAPIENT node.

    Shows the topics and message formats of a sensor of the layout.

    Examples
    --------
    watchline sensor register cumberland radar-west
    watchline sensor register cumberland radar-west --data data \\
        --sapient-node 8d7c1d2e-6f1a-4d0b-9a37-2f5f3c1e9b10
    """
    from ops.admin.sensor import register, show_registration

    registration = register(sector, layout, name, data=data, node=sapient_node)
    show_registration(registration, screen)
    answer(registration, as_json=as_json)


@sensor_app.command("list", cls=Command)
def sensor_list(
    sector: SectorArgument,
    layout: LayoutOption = None,
    data: OptionalDataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the sensors of a layout.

    With --data also their states, receipts and SAPIENT nodes.

    Examples
    --------
    watchline sensor list cumberland --data data
    """
    from ops.admin.sensor import listing

    answer(listing(sector, layout, data, screen), as_json=as_json)


@sensor_app.command("test", cls=Command)
def sensor_test(
    file: Annotated[Path, typer.Argument(help="File with the bytes of one message.", exists=True, dir_okay=False)],
    content_type: Annotated[str, typer.Option("--content-type", help="MQTT 5 content type of the message.")] = (
        "application/json"
    ),
    channel: Annotated[str, typer.Option("--channel", help="detections or status.")] = "detections",
    name: Annotated[str | None, typer.Option("--sensor", help="Decode as if sent on this sensor's topic.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Decode a message as ingest would.

    Shows its detections, or the field for which it is refused.

    Examples
    --------
    watchline sensor test message.json --sensor radar-west
    """
    from ops.admin.sensor import show_test, test

    result = test(file, content_type=content_type, channel=channel, sensor=name)
    show_test(result, screen)
    answer(result, as_json=as_json)
    if not result["accepted"]:
        fail(result["refused"]["sentence"], 1)


@sensor_app.command("task", cls=Command)
def sensor_task(
    name: SensorArgument,
    data: DataOption,
    mode: Annotated[str | None, typer.Option("--mode", help="Change to this mode.")] = None,
    request: Annotated[str | None, typer.Option("--request", help="Request that the node defines.")] = None,
    look_at: Annotated[
        str | None, typer.Option("--look-at", metavar="AZ[,EL]", help="Direction in degrees from true north.")
    ] = None,
    move_to: Annotated[
        str | None,
        typer.Option("--move-to", metavar="LON,LAT[,H]", help="Place in degrees, and metres above mean sea level."),
    ] = None,
    stop: Annotated[str | None, typer.Option("--stop", metavar="TASK", help="End this task.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Send a task to a SAPIENT node.

    A running `watchline run --sapient` delivers it.

    Examples
    --------
    watchline sensor task camera-north --data data --look-at 45,-2
    """
    from ops.admin.sensor import TaskRequest, give_task
    from ops.runtime.output import show

    task = give_task(name, data, TaskRequest(mode, request, look_at, stop, move_to))
    show(screen, "console-sensor-task-queued", task=task["task"], sensor=task["sensor"])
    answer(task, as_json=as_json)


@sensor_app.command(cls=Command)
def survey(
    sector: SectorArgument,
    name: SensorArgument,
    layout: LayoutOption = None,
    lon: Annotated[
        float | None, typer.Option("--lon", min=-180.0, max=180.0, help="Measured longitude, degrees.")
    ] = None,
    lat: Annotated[float | None, typer.Option("--lat", min=-90, max=90, help="Measured latitude, degrees.")] = None,
    mast: Annotated[
        float | None, typer.Option("--mast", metavar="M", min=0.0, help="Antenna height above ground.")
    ] = None,
    site_sd: Annotated[
        float | None, typer.Option("--site-sd", metavar="M", min=0.0, help="Position uncertainty (1 sigma, per axis).")
    ] = None,
    sighting: Annotated[
        list[str] | None,
        typer.Option(
            "--sighting",
            metavar="LON,LAT,READING",
            help="A landmark and the azimuth that the sensor reports for it; two or more determine north.",
        ),
    ] = None,
    north_offset: Annotated[
        float | None,
        typer.Option(
            "--north-offset", metavar="DEG", help="Azimuth bias in degrees; subtracted from reported azimuths."
        ),
    ] = None,
    north_sd: Annotated[
        float | None, typer.Option("--north-sd", metavar="DEG", min=0.0, help="Uncertainty of the bias (1 sigma).")
    ] = None,
    day: Annotated[str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="Day of the survey.")] = None,
    method: Annotated[str | None, typer.Option("--method", help="Survey method.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write this layout instead of changing the file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Record a sensor's position and north alignment.

    Writes the survey with its uncertainty into the layout. Without
    measurements, shows the survey on record.

    Examples
    --------
    watchline sensor survey sector.toml radar-west \\
        --lon -84.21 --lat 36.58 --site-sd 2
    """
    from ops.admin.survey import Measured, show_survey
    from ops.admin.survey import survey as record

    measured = Measured(lon, lat, mast, site_sd, north_offset, north_sd, tuple(sighting or ()), day, method)
    result = record(sector, layout, name, measured, out=out)
    show_survey(result, screen)
    answer(result, as_json=as_json)


@sensor_app.command(cls=Command)
def calibrate(
    sector: SectorArgument,
    journal: JournalArgument,
    layout: LayoutOption = None,
    settings: SettingsOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    support: Annotated[
        float,
        typer.Option(
            "--support",
            metavar="SECONDS",
            callback=above_zero,
            help="Another sensor must have detected the track within this.",
        ),
    ] = 15.0,
    as_json: JsonOption = False,
) -> None:
    """Compare predicted and observed detection.

    Shows for each sensor and terrain class the detection probability that the
    layout states, and the percentage that the sensor detected.

    Examples
    --------
    watchline sensor calibrate cumberland out/demo
    """
    from ops.admin.calibrate import CalibrationRequest, calibrate_journal, show_calibration
    from ops.journal.command import moment

    wanted = CalibrationRequest(
        journal, sector, layout, settings, moment(since, "--since"), moment(until, "--until"), support
    )
    calibration = calibrate_journal(wanted, screen)
    show_calibration(calibration, screen)
    answer(calibration, as_json=as_json)
