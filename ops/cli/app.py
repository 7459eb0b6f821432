"""The command line. Each command parses its options here and calls a separate module; an error is one sentence."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from geo.errors import WatchlineError
from ops.analysis.coverage.options import CoverageOptions
from ops.analysis.terrain.options import SitesOptions
from ops.cli.archive import archive_app
from ops.cli.broker import broker_app, dead_letters_app
from ops.cli.challenge import challenge
from ops.cli.compare import compare
from ops.cli.journal import journal_app
from ops.cli.options import (
    BrokerOption,
    IdentityOption,
    JsonOption,
    LayoutOption,
    PortOption,
    SectorOption,
    SeedOption,
    answer,
    command_of,
    fail,
    screen,
)
from ops.cli.plan import plan
from ops.cli.score import score
from ops.cli.sensor import sensor_app
from ops.cli.terrain import terrain_app
from ops.runtime.compile_kernels import forget_outdated

BEGAN_S = time.monotonic()

app = typer.Typer(
    name="watchline",
    help="Border surveillance and sensor fusion: what moves, where, how sure, and what nobody can see.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

UsageError: Any = typer.BadParameter.__mro__[1]
"""The exception for a wrong option, which typer does not export by name; BadParameter is a subclass of it."""


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Say the version and stop.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more, to stderr.")] = False,
) -> None:
    """Border surveillance and sensor fusion."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(message)s")
    if version:
        from importlib.metadata import version as installed

        sys.stdout.write(f"watchline {installed('watchline')}\n")
        raise typer.Exit


@app.command()
def demo(
    sector: SectorOption = "cumberland",
    layout: LayoutOption = None,
    duration: Annotated[
        float | None,
        typer.Option("--duration", min=1.0, help="Wall seconds from the first publish. Default: until Ctrl-C."),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=100.0, help="Scenario seconds a wall second.")] = 1.0,
    seed: SeedOption = 1,
    broker: BrokerOption = None,
    port: PortOption = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the files; an earlier demo's are replaced.")] = Path(
        "out/demo"
    ),
    headless: Annotated[bool, typer.Option("--headless", help="No live console: a line now and then.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Watch a border sector work: simulated sensors, everything else real."""
    from ingest.mqtt.broker_url import BrokerUrl
    from ops.room.demo import DemoOptions
    from ops.room.demo_command import run_demo

    url = None if broker is None else BrokerUrl.parse(broker)
    options = DemoOptions(sector, out, layout, duration, speed, seed, url, port)
    summary = run_demo(options, screen, headless=headless or as_json or not screen.is_terminal, began_s=BEGAN_S)
    answer(summary.figures, as_json=as_json)
    if not summary.balanced:
        raise WatchlineError("The conservation counts do not balance; the summary says for which sensor.")


@app.command()
def run(
    sector: SectorOption,
    data: Annotated[Path, typer.Option("--data", help="Folder of the journal and the store; kept between runs.")],
    layout: LayoutOption = None,
    broker: BrokerOption = None,
    port: PortOption = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="TOML with units, [tracker], [alerts].", exists=True)
    ] = None,
    identity: IdentityOption = None,
    sapient: Annotated[
        str | None, typer.Option("--sapient", metavar="HOST:PORT", help="Call this SAPIENT middleware as its peer.")
    ] = None,
    sapient_listen: Annotated[
        str | None, typer.Option("--sapient-listen", metavar="HOST:PORT", help="Listen here for SAPIENT nodes.")
    ] = None,
) -> None:
    """Run a sector with its real sensors until Ctrl-C; goes on where it stopped."""
    from ingest.mqtt.broker_url import BrokerUrl
    from ops.room.run_command import run_sector, sapient_endpoints

    url = None if broker is None else BrokerUrl.parse(broker)
    endpoints = sapient_endpoints(sapient, sapient_listen)
    run_sector(
        sector,
        layout,
        data,
        broker=url,
        port=port,
        settings=settings,
        identity=identity,
        sapient=endpoints,
        screen=screen,
    )


@app.command()
def serve(
    store: Annotated[Path, typer.Argument(help="A store: out/demo/store.db, or the one in the folder of `run`.")],
    sector: SectorOption = "cumberland",
    layout: LayoutOption = None,
    port: PortOption = None,
) -> None:
    """Show the live map over a store that is there already, until Ctrl-C; nothing in it is changed."""
    from ops.room.serve_command import serve_store

    serve_store(store, sector, layout, port=port, screen=screen)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for messages.jsonl and truth.parquet.")],
    sector: SectorOption = "cumberland",
    layout: LayoutOption = None,
    duration: Annotated[float, typer.Option("--duration", min=1.0, help="Scenario seconds.")] = 600.0,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Write what a layout's sensors would send of a simulated night, and the truth."""
    from ops.room.offline import simulate_to_files

    answer(simulate_to_files(sector, layout, out, duration_s=duration, seed=seed, screen=screen), as_json=as_json)


@app.command()
def record(
    broker: Annotated[str, typer.Option("--broker", metavar="URL", envvar="WATCHLINE_BROKER", help="Your broker.")],
    sector_id: Annotated[str, typer.Option("--sector-id", help="The sector's name in topics.")],
    journal: Annotated[Path, typer.Option("--journal", help="Journal file; an existing one is continued.")],
    duration: Annotated[float | None, typer.Option("--duration", min=1.0, help="Seconds. Default: to Ctrl-C.")] = None,
    identity: IdentityOption = None,
    signed: Annotated[bool, typer.Option("--signed", help="Refuse what no registered key has signed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Journal what a broker delivers, without fusing it: an ingest of its own, not to be used beside `run`."""
    from ingest.mqtt.broker_url import BrokerUrl
    from ops.room.record_command import Recording, record_journal

    recording = Recording(BrokerUrl.parse(broker), sector_id, journal, identity, signed, duration)
    answer(record_journal(recording, screen=screen), as_json=as_json)


@app.command()
def replay(
    journal: Annotated[Path, typer.Argument(help="A journal: out/demo/journal.db, or what `record` wrote.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for tracks.parquet and alerts.geojson.")],
    sector: SectorOption = "cumberland",
    layout: LayoutOption = None,
    settings: Annotated[Path | None, typer.Option("--settings", help="TOML as for `run`.", exists=True)] = None,
    as_json: JsonOption = False,
) -> None:
    """Fuse a journal again: the same tracks and alerts, to the bit."""
    from ops.room.offline import replay_journal

    answer(replay_journal(journal, sector, layout, out, settings=settings, screen=screen), as_json=as_json)


@app.command()
@command_of(CoverageOptions)
def coverage(options: CoverageOptions, *, as_json: JsonOption = False) -> None:
    """Say and draw how well a layout covers its sector, for one target in one state of weather."""
    from ops.analysis.coverage.command import cover

    answer(cover(options, screen), as_json=as_json)


@app.command()
@command_of(SitesOptions)
def sites(options: SitesOptions, *, as_json: JsonOption = False) -> None:
    """Say what candidate sites see of a sector together, and which few of them see most of its belt."""
    from ops.analysis.terrain.sites_command import look_from_sites

    answer(look_from_sites(options, screen), as_json=as_json)


@app.command()
def doctor(
    broker: BrokerOption = None,
    identity: IdentityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is installed, reachable and missing, and what to do about it; of keys and certificates, what ends."""
    from ops.admin.doctor import examine, show

    findings = examine(broker, identity)
    show(findings, screen)
    answer(
        {"ok": all(f.ok or not f.needed for f in findings), "findings": [f.as_dict() for f in findings]},
        as_json=as_json,
    )
    if any(f.needed and not f.ok for f in findings):
        raise typer.Exit(1)


app.command()(challenge)
app.command()(compare)
app.command()(plan)
app.command()(score)
app.add_typer(terrain_app, name="terrain")
app.add_typer(sensor_app, name="sensor")
app.add_typer(journal_app, name="journal")
app.add_typer(archive_app, name="archive")
app.add_typer(broker_app, name="broker")
app.add_typer(dead_letters_app, name="dead-letters")


def main() -> None:
    """Entry point of ``watchline``: an expected error becomes one sentence on stderr and an exit code.

    Output concerns persons, so files are private to this user; SIGTERM from a service manager acts as Ctrl-C. So does
    SIGINT, even where it was ignored at the start, as in a job that a script runs in the background. No Python
    that is started from here, such as the workers of a pool, searches the working folder for modules.
    """
    os.umask(0o077)
    os.environ["PYTHONSAFEPATH"] = "1"
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    forget_outdated()
    try:
        code = app(standalone_mode=False)
    except WatchlineError as error:
        fail(str(error), 1)
    except UsageError as error:
        if len(sys.argv) < 2:
            error.show()  # the command had no arguments: this prints the help
            raise SystemExit(2) from None
        command = "watchline" if error.ctx is None else error.ctx.command_path
        fail(f"{error.format_message().rstrip('.')}; {command} --help says what can be given.", 2)
    except typer.Abort:
        fail("stopped.", 130)
    except OSError as error:
        if error.filename is None:
            raise
        fail(f"{error.filename}: {error.strerror}; expected a place that can be read and written.", 1)
    raise SystemExit(code if isinstance(code, int) else 0)
