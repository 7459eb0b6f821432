"""``watchline demo``, ``run``, ``serve`` and ``replay`` on the command line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from geo.errors import WatchlineError
from ops.analysis.option_types import LayoutOption, SectorArgument
from ops.cli.options import (
    BrokerOption,
    CertificateOption,
    HostOption,
    JournalArgument,
    JsonOption,
    KeyOption,
    PortOption,
    SeedOption,
    SettingsOption,
    TlsOption,
    answer,
    broker_url,
    identity_option,
    screen,
    store_option,
)

BEGAN_S = time.monotonic()


def demo(
    sector: SectorArgument = "cumberland",
    layout: LayoutOption = None,
    duration: Annotated[
        float | None,
        typer.Option("--duration", metavar="SECONDS", min=1.0, help="Real time to run. Default: until Ctrl-C."),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=100.0, help="Speed-up factor (1 = real time).")] = 1.0,
    seed: SeedOption = 1,
    broker: BrokerOption = None,
    port: PortOption = None,
    settings: SettingsOption = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Output folder; files of an earlier demo are replaced.")
    ] = Path("out/demo"),
    headless: Annotated[bool, typer.Option("--headless", help="Print status lines instead of a live console.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a sector with simulated sensors.

    Everything but the sensors is real: broker, ingest, journal, fusion, alerts
    and the live map, all on this machine. At the end the tracks are scored
    against the truth and a report is written.

    Examples
    --------
    watchline demo
    watchline demo --duration 60 --headless
    watchline demo sector.toml --layout hightech --speed 10
    """
    from ops.room.demo.command import run_demo
    from ops.room.demo.demo import DemoOptions

    url = None if broker is None else broker_url(broker)
    options = DemoOptions(sector, out, layout, duration, speed, seed, url, port, settings)
    summary = run_demo(options, screen, headless=headless or as_json or not screen.is_terminal, began_s=BEGAN_S)
    answer(summary.figures, as_json=as_json)
    if not summary.balanced:
        raise WatchlineError("The message counts do not balance; the summary names the sensor.")


def run(
    sector: SectorArgument,
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of the journal and the store; kept between runs.")
    ],
    layout: LayoutOption = None,
    broker: BrokerOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = None,
    tls: TlsOption = False,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    settings: SettingsOption = None,
    identity: Annotated[
        Path | None,
        identity_option(
            "Folder of keys and certificates, as written by `broker config`. Default: keys made in --data."
        ),
    ] = None,
    sapient: Annotated[
        str | None, typer.Option("--sapient", metavar="HOST:PORT", help="Connect to this SAPIENT middleware.")
    ] = None,
    sapient_listen: Annotated[
        str | None, typer.Option("--sapient-listen", metavar="HOST:PORT", help="Listen here for SAPIENT nodes.")
    ] = None,
    store: Annotated[str | None, store_option("Keep the sector in PostgreSQL")] = None,
    layers: Annotated[
        bool,
        typer.Option("--map-layers", help="Also store positions as PostGIS points, unencrypted; with --store."),
    ] = False,
) -> None:
    """Run a sector with its real sensors.

    Runs until Ctrl-C, restarts processes that end, and resumes from the
    journal at the next start. The first start prints a one-time secret for
    the account `admin`; `watchline user` adds other accounts. With --store,
    prepare the database with `store migrate` first.

    Examples
    --------
    watchline run sector.toml --data data
    watchline run sector.toml --data data \\
        --broker mqtts://broker.example --identity broker
    watchline run sector.toml --data data --host 0.0.0.0 --tls
    """
    from ops.cluster.leases.claimed_sectors import refuse_claimed
    from ops.room.run_command import run_sector, sapient_endpoints
    from ops.sector.sector_file import load_sector
    from ops.services.api.serving.endpoint import Endpoint

    url = None if broker is None else broker_url(broker)
    endpoints = sapient_endpoints(sapient, sapient_listen)
    endpoint = Endpoint(host, port, tls, certificate, key)
    refuse_claimed(load_sector(sector).name, data, store)
    run_sector(
        sector,
        layout,
        data,
        broker=url,
        endpoint=endpoint,
        settings=settings,
        identity=identity,
        sapient=endpoints,
        store=store,
        layers=layers,
        screen=screen,
    )


def serve(
    sector: SectorArgument,
    store: Annotated[
        Path,
        typer.Argument(help="Store, or the folder of `demo` or `run`.", exists=True),
    ],
    layout: LayoutOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = None,
    tls: TlsOption = False,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    settings: SettingsOption = None,
) -> None:
    """Serve a read-only live map from a store.

    Shows what `demo` or `run` has stored, until Ctrl-C. The store is not changed.
    People log in with the accounts of `run`; a demonstration needs no login.

    Examples
    --------
    watchline serve cumberland out/demo
    """
    from ops.room.serve_command import serve_store
    from ops.services.api.serving.endpoint import Endpoint

    endpoint = Endpoint(host, port, tls, certificate, key)
    serve_store(store, sector, layout, endpoint=endpoint, settings=settings, screen=screen)


def replay(
    sector: SectorArgument,
    journal: JournalArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for tracks.parquet and alerts.geojson.")],
    layout: LayoutOption = None,
    settings: SettingsOption = None,
    releasability: Annotated[
        str,
        typer.Option(
            "--releasability",
            metavar="MARKING",
            help="Most restrictive marking in the files; * for all. Default: none.",
        ),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Reprocess a journal into tracks and alerts.

    The same journal gives bit-for-bit the same tracks and alerts. Where the
    settings name markings, the files leave out records of more restrictive ones.

    Examples
    --------
    watchline replay cumberland out/demo/journal.db --out out/replay
    """
    from ops.audit.command import record_command
    from ops.journal.command import journal_path
    from ops.room.offline import replay_journal

    journal = journal_path(journal)
    record_command(journal, "replay", f"all tracks and alerts of {journal}")
    made = replay_journal(journal, sector, layout, out, settings=settings, screen=screen, releasability=releasability)
    answer(made, as_json=as_json)
