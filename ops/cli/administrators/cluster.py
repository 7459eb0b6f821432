"""``watchline cluster …`` on the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import (
    BrokerOption,
    CertificateOption,
    HostOption,
    JsonOption,
    KeyOption,
    PortOption,
    SettingsOption,
    TlsOption,
    answer,
    broker_url,
    identity_option,
    screen,
    store_option,
)

BrokerIdentityOption = Annotated[
    Path | None, identity_option("Folder of keys and certificates for --broker, as written by `broker config`.")
]
DurationOption = Annotated[
    float | None,
    typer.Option("--duration", metavar="SECONDS", min=1.0, help="Time to run. Default: until Ctrl-C."),
]


def _host(text: str | None) -> str | None:
    """Refuse what is not the name or address of a machine."""
    if text is not None and not re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", text):
        raise typer.BadParameter(f"{ascii(text)[:80]} is not a host; expected a name or an address")
    return text


cluster_app = typer.Typer(cls=CommandGroup, help="Run many sectors, on one machine or several.", no_args_is_help=True)


@cluster_app.command("run", cls=Command)
def run(
    nation: Annotated[
        Path, typer.Argument(metavar="NATION", help="Nation file (TOML) that names the sector files.", exists=True)
    ],
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of journals and stores, one folder per sector.")
    ],
    local: Annotated[
        int, typer.Option("--local", metavar="WORKERS", min=0, max=64, help="Number of workers on this machine.")
    ] = 2,
    broker: BrokerOption = None,
    settings: SettingsOption = None,
    identity: BrokerIdentityOption = None,
    store: Annotated[str | None, store_option("Keep all sectors in PostgreSQL")] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            help="Accept workers of other machines at this address; with --store and --broker.",
        ),
    ] = None,
    dashboard: Annotated[
        str | None,
        typer.Option(
            "--dashboard",
            metavar="PORT",
            help="Serve dask's pages, which have no login, at this port of 127.0.0.1.",
        ),
    ] = None,
    duration: DurationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the sectors of a nation file.

    Each sector is a task of a dask cluster: its ingest, fusion and feeds run
    on one of the workers, under a lease. If a worker ends or no longer
    answers, its sectors start on another and continue from their journals.

    Examples
    --------
    watchline cluster run nation.toml --data data --local 3
    watchline cluster run nation.toml --data data --dashboard 8787
    watchline cluster run nation.toml --data data --local 3 \\
        --store postgresql://watchline@db.example/watchline
    watchline cluster run nation.toml --data data --local 1 \\
        --store postgresql://watchline@db.example/watchline \\
        --broker mqtts://mqtt.example --listen 192.0.2.10:8786
    """
    from ops.broker.command import host_and_port
    from ops.cluster.commands import ClusterOptions, run_cluster
    from ops.cluster.dashboard.address import dashboard_port

    listening = None if listen is None else host_and_port(listen, "--listen")
    port = None if dashboard is None else dashboard_port(dashboard)
    url = None if broker is None else broker_url(broker)
    options = ClusterOptions(nation, data, local, url, settings, identity, duration, store, listening, port)
    answer(run_cluster(options, screen=screen), as_json=as_json)


@cluster_app.command("worker", cls=Command)
def worker(
    nation: Annotated[
        Path, typer.Argument(metavar="NATION", help="This machine's copy of the nation file.", exists=True)
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Data folder of this machine, with a copy of the folder `machines` of the first one.",
            exists=True,
            file_okay=False,
        ),
    ],
    scheduler: Annotated[
        str, typer.Option("--scheduler", metavar="HOST:PORT", help="Address that `cluster run --listen` was given.")
    ],
    store: Annotated[str, store_option("The cluster's store")],
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            help="Address of this machine. Default: the one from which it reaches the scheduler.",
            callback=_host,
        ),
    ] = None,
    settings: SettingsOption = None,
    identity: Annotated[
        Path | None, identity_option("This machine's copy of the folder of keys and certificates of the cluster.")
    ] = None,
    duration: DurationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run sectors of a cluster on this machine.

    The scheduler gives it sectors as it gives them to its own workers. If
    this machine is lost, they start on another one and continue from the
    store. Ctrl-C or SIGTERM gives them back in order, such as for an upgrade.

    Examples
    --------
    watchline cluster worker nation.toml --data data \\
        --scheduler 192.0.2.10:8786 \\
        --store postgresql://watchline@db.example/watchline
    """
    from ops.broker.command import host_and_port
    from ops.cluster.machines.options import WorkerOptions
    from ops.cluster.machines.start import scheduler_address, start_worker

    address = scheduler_address(*host_and_port(scheduler, "--scheduler"))
    options = WorkerOptions(nation, data, address, store, host, settings, identity, duration)
    answer(start_worker(options, screen=screen), as_json=as_json)


@cluster_app.command("serve", cls=Command)
def serve(
    nation: Annotated[
        Path, typer.Argument(metavar="NATION", help="Nation file (TOML) that names the sector files.", exists=True)
    ],
    data: Annotated[
        Path,
        typer.Option("--data", metavar="DIR", help="Data folder of `cluster run`.", exists=True, file_okay=False),
    ],
    host: HostOption = "127.0.0.1",
    port: PortOption = None,
    tls: TlsOption = False,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    settings: SettingsOption = None,
    broker: Annotated[
        str | None,
        typer.Option(
            "--broker",
            metavar="URL",
            envvar="WATCHLINE_BROKER",
            help="Broker of the cluster. Default: the one that `cluster run` has embedded.",
        ),
    ] = None,
    identity: BrokerIdentityOption = None,
    store: Annotated[str | None, store_option("Store of the cluster in PostgreSQL")] = None,
    centres: Annotated[
        int,
        typer.Option("--centres", metavar="COUNT", min=1, max=256, help="Sectors that may be open at the same time."),
    ] = 12,
) -> None:
    """Serve the national page: all sectors on one map.

    It shows open incidents, sensors, coverage and posture of each sector, and
    opens a sector's own operations centre. People log in with the accounts of
    the data folder, and see the sectors in which they have a role.

    Examples
    --------
    watchline cluster serve nation.toml --data data
    watchline cluster serve nation.toml --data data --host 0.0.0.0 --tls
    """
    from ops.cluster.page.serve import NationPageOptions, serve_nation
    from ops.services.api.serving.endpoint import Endpoint

    endpoint = Endpoint(host, port, tls, certificate, key)
    url = None if broker is None else broker_url(broker)
    options = NationPageOptions(nation, data, endpoint, centres, settings, url, identity, store)
    serve_nation(options, screen=screen)


@cluster_app.command("status", cls=Command)
def status(
    data: Annotated[Path, typer.Argument(help="Data folder of `cluster run`.", exists=True, file_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Show where sectors run, and the national picture.

    It has a summary of each sector, and the incidents of all sectors that
    are not closed, the most urgent first: one entry for an event that goes
    from one sector into the next.

    Examples
    --------
    watchline cluster status data
    """
    from ops.cluster.commands import cluster_status

    answer(cluster_status(data, screen=screen), as_json=as_json)


@cluster_app.command("separate", cls=Command)
def separate(
    data: Annotated[Path, typer.Argument(help="Data folder of `cluster run`.", exists=True, file_okay=False)],
    name: Annotated[str, typer.Argument(help="Sector of the incident, by its name in the nation file.")],
    incident: Annotated[str, typer.Argument(help="Id of the incident that continues one of another sector.")],
    again: Annotated[bool, typer.Option("--rejoin", help="Join them again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Separate incidents that were joined in error.

    They become two entries of the national list, and each asks for attention
    as its own sector states. They are not joined again automatically. The
    list shows who separated them, and the audit logs of both sectors record
    it. `cluster status --json` states the ids under `joins`. On the national
    page, people with the right to act in both sectors do the same.

    Examples
    --------
    watchline cluster separate data west I3f2a
    watchline cluster separate data west I3f2a --rejoin
    """
    from ops.cluster.identity.separate_command import separate_incidents

    answer(separate_incidents(data, name, incident, again=again, screen=screen), as_json=as_json)


def top(
    data: Annotated[Path, typer.Argument(help="Data folder of `cluster run`.", exists=True, file_okay=False)],
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0.5, max=3600.0, help="Time between two measurements.")
    ] = 2.0,
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            metavar="NUMBER",
            min=1,
            help="Measure so often. Default: until Ctrl-C; once where stderr is not a terminal.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what each sector of a cluster uses.

    One row per sector, those that use most first: processor cores used by
    its processes, journal rows, rows that fusion is behind, its lease, since
    when it is live, its worker and its machine. Tracks and alerts are not
    read.

    Examples
    --------
    watchline top data
    watchline top data --count 1 --json
    """
    from ops.cluster.top import cluster_top

    count = 1 if as_json and count is None else count
    answer(cluster_top(data, every_s=every, count=count, screen=screen), as_json=as_json)
