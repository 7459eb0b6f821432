"""``watchline cluster run`` and ``cluster status``."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from ingest.mqtt.broker_url import BrokerUrl
from ops.audit.command import record_command
from ops.broker.broker import EmbeddedBroker
from ops.broker.identities import Signatures
from ops.cluster.dashboard.address import require_packages
from ops.cluster.edge_sensors import sensors_of_one_sector, show_edge_sensors
from ops.cluster.identity.retention import purge_nation
from ops.cluster.leases.lease_book import CLUSTER_LOCK
from ops.cluster.leases.open_leases import known_leases, note_leases
from ops.cluster.machines.address import refuse_unspecified
from ops.cluster.nation_file import Nation, load_nation, open_sectors, reaches_of, refuse_overlaps
from ops.cluster.national_picture import national_picture, show_national_picture
from ops.cluster.supervisor.cluster import Cluster, Listening
from ops.cluster.supervisor.waiting import known_waits, told
from ops.cluster.workers.sector_task import SectorTask
from ops.journal.reader import JournalError
from ops.journal.stores.place import read_journal
from ops.postgres.address import STORE_VARIABLE, StoreAddress, missing_packages
from ops.postgres.note import remember
from ops.room.retention import DailyRetention
from ops.room.room import BROKER_URL, DEMO_MARK, RoomError, prepare_identity
from ops.room.supervision import Supervision
from ops.runtime.files.lock import is_locked
from ops.runtime.output import say_in_english, show, write_private
from ops.runtime.processes.child_process import Child
from ops.runtime.tables import show_table, table_of
from ops.sector.sector_file import Sector, layout_path
from ops.sector.settings import load_settings
from ops.services.api.serving.local_port import LOOPBACK, listen
from ops.store.connections import StoreError
from ops.store.reader import Reader

if TYPE_CHECKING:
    from ops.cluster.supervisor.store_claim import StoreClaim

LOOK_EVERY_S: Final = 0.5
IDENTITY_STOP_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Arguments of ``cluster run``: the nation file, the data folder, the number of workers, the broker (None: an
    embedded one), the settings of all sectors, the keys of ingest for a broker of one's own, the time to run, the
    store in PostgreSQL (None: files), where the scheduler takes workers of other machines (None: nowhere), and the port
    of dask's pages (None: not served)."""

    nation: Path
    data: Path
    workers: int
    broker: BrokerUrl | None = None
    settings: Path | None = None
    identity: Path | None = None
    duration_s: float | None = None
    store: str | None = field(default=None, repr=False)
    listen: tuple[str, int] | None = None
    dashboard: int | None = None


def run_cluster(options: ClusterOptions, *, screen: Console) -> dict[str, Any]:
    """Run the sectors of a nation file for the given time, or until Ctrl-C; return what was taken, by sector.

    Raises BadInput for a file that cannot be used and WatchlineError for a cluster that cannot be opened.
    """
    from ops.runtime.compile_kernels import compile_missing

    if options.identity is not None and options.broker is None:
        raise BadInput("is given without --broker", where="--identity", expected="both, or keys made in --data")
    _check_machines(options)
    load_settings(options.settings)
    nation = load_nation(options.nation)
    for sector in nation.sectors:
        if (options.data / sector.name / DEMO_MARK).exists():
            raise BadInput("holds a demonstration", where=str(options.data / sector.name), expected="another folder")
    if is_locked(options.data / CLUSTER_LOCK):  # its broker.url and keys are those of the cluster that runs
        raise BadInput("in use by another cluster", where=str(options.data), expected="another folder")
    if options.dashboard is not None:
        require_packages()
        listen(options.dashboard).close()  # a port in use is named before anything starts
    grounds = open_sectors(nation)
    refuse_overlaps(nation, grounds)
    reaches = reaches_of(grounds)
    show_edge_sensors(sensors_of_one_sector(grounds), screen)
    del grounds
    with ExitStack() as stack:
        watched = Supervision()
        claim = None if options.store is None else _claimed(options.store, nation, stack)
        compile_missing(screen)  # a store that cannot be used is named before
        url = options.broker
        signatures: Signatures | None = None
        if url is None:
            (options.data / "logs").mkdir(parents=True, exist_ok=True)
            broker = stack.enter_context(EmbeddedBroker(folder=options.data / "logs"))
            url, signatures = broker.url, "required"
            write_private(options.data / BROKER_URL, f"{url.text}\n".encode())
            watched.add(broker.child, ends_silent=True)
        pages = None
        if options.dashboard is not None:
            pages = stack.enter_context(listen(options.dashboard))
        tasks = [_task(sector, options, url, signatures) for sector in nation.sectors]
        if options.store is not None:
            note_leases(options.data, options.store, nation.name)
        listening = None
        if options.listen is not None:
            from ops.cluster.machines import first

            tasks = first.shared_tasks(tasks)
            listening = Listening(*options.listen, first.security(options.data))
        cluster = stack.enter_context(Cluster(tasks, options.workers, listen=listening, dashboard=pages))
        identities = identity_process(options.data, reaches, options.store)
        stack.callback(identities.stop, timeout_s=IDENTITY_STOP_S)
        watched.add(identities)
        try:
            show(screen, "cluster-started", nation=nation.title or nation.name, workers=options.workers)
            if pages is not None:
                show(screen, "cluster-dashboard", address=f"http://{LOOPBACK}:{options.dashboard}/status")
            _watch(cluster, watched, nation, options, screen, claim)
        except KeyboardInterrupt:
            show(screen, "cluster-stopping")
        left = [] if claim is not None and claim.is_taken() else cluster.stop()
        failovers, moves = cluster.failovers_s, cluster.moves_s
    if left:
        raise WatchlineError(f"{', '.join(left)}: did not stop in time; see the logs in {options.data}.")
    return {
        "nation": nation.name,
        "workers": options.workers,
        "failovers": len(failovers),
        "failover_median_s": round(statistics.median(failovers), 1) if failovers else None,
        "failover_longest_s": round(max(failovers), 1) if failovers else None,
        "moves": len(moves),
        "sectors": {sector.name: taken(options.data / sector.name) for sector in nation.sectors},
    }


def _check_machines(options: ClusterOptions) -> None:
    """Raise BadInput for options that workers of other machines could not use."""
    if options.listen is None:
        if options.workers < 1:
            raise BadInput("0 workers", where="--local", expected="at least 1, or --listen for those of other machines")
        return
    refuse_unspecified(options.listen[0])
    if options.store is None:
        raise BadInput("is given without --store", where="--listen", expected="a store that every machine can reach")
    if options.broker is None:
        raise BadInput("is given without --broker", where="--listen", expected="a broker that every machine can reach")
    if load_settings(options.settings).media.fetches:
        raise BadInput(
            "fetches pictures, which stay on one machine", where="[media] with --listen", expected="settings without it"
        )


def _task(sector: Sector, options: ClusterOptions, url: BrokerUrl, signatures: Signatures | None) -> SectorTask:
    layout, identity = layout_path(sector, None), options.identity
    if options.broker is None:
        identity = options.data / sector.name / "identity"
        prepare_identity(identity, layout, options.settings)
    return SectorTask(
        sector=sector.path,
        name=sector.name,
        layout=layout.absolute(),
        folder=options.data.absolute(),
        broker=url.text,
        settings=None if options.settings is None else options.settings.absolute(),
        identity=None if identity is None else identity.absolute(),
        signatures=signatures or sector.signatures,
        store=options.store,
    )


def _claimed(store: str, nation: Nation, stack: ExitStack) -> StoreClaim:
    """Claim the sectors in a store, whose password is then known to this process."""
    try:
        from ops.cluster.supervisor.store_claim import StoreClaim
    except ImportError:
        raise missing_packages() from None
    remember(StoreAddress(store))
    claim = StoreClaim(store, [sector.name for sector in nation.sectors])
    stack.callback(claim.close)
    return claim


def identity_process(
    folder: Path, reaches: Mapping[str, Sequence[tuple[float, float, float]]], store: str | None = None
) -> Child:
    """Start the process that joins the tracks of neighbouring sectors, with the reach of each sector's sensors."""
    module, log = "ops.cluster.identity.process", folder / "logs" / "identity.log"
    child = Child(
        "identity", module, [f"--folder={folder}"], log=log, secrets={} if store is None else {STORE_VARIABLE: store}
    )
    child.tell(reaches=reaches)
    return child


def _bring_what_decides(cluster: Cluster, options: ClusterOptions, sector: str) -> None:
    """Before the daily erasure: bring here which alerts of another machine wait for delivery; forget erased days."""
    if options.listen is None or options.store is None:
        return
    from ops.cluster.machines import first

    first.forget_erased(options.store, options.data)
    for task in cluster.elsewhere():
        if task.name == sector:
            first.before_erasing(task)


def _watch(
    cluster: Cluster,
    watched: Supervision,
    nation: Nation,
    options: ClusterOptions,
    screen: Console,
    claim: StoreClaim | None = None,
) -> None:
    """Look after the cluster and the broker until the time is over, counted from when all sectors are live."""
    settings = load_settings(options.settings)
    retentions = [
        DailyRetention(
            options.data / sector.name,
            settings,
            store=options.store,
            before=partial(_bring_what_decides, cluster, options, sector.name),
        )
        for sector in nation.sectors
    ]
    erase_national = partial(purge_nation, options.data, settings, by=("watchline", "system"))
    retentions.append(DailyRetention(options.data, settings, erase=lambda today: erase_national(today=today)))
    deadline: float | None = None
    while deadline is None or time.monotonic() < deadline:
        for message in [*cluster.look(), *watched.look()]:
            show(screen, message)
        if claim is not None and (problem := claim.look()) is not None:
            show(screen, "cluster-store-problem", reason=problem)
        if options.duration_s is not None and deadline is None and cluster.live:
            deadline = time.monotonic() + options.duration_s
        for retention in retentions:
            try:
                retention.look(datetime.now(UTC).date())
            except WatchlineError as error:
                show(screen, "retention-failed", reason=str(error))
        time.sleep(LOOK_EVERY_S)


def taken(data: Path) -> dict[str, int]:
    """Return the rows of a sector's journal, and how many of them its store contains."""
    rows = fused = 0
    with suppress(JournalError), _reading(read_journal, data / "journal.db") as journal:
        rows = journal.last_id()
    with suppress(StoreError), _reading(Reader, data / "store.db") as store:
        fused = store.progress().cursor
    return {"rows": rows, "fused": fused}


@contextmanager
def _reading(kind: Any, path: Path) -> Iterator[Any]:
    reader = kind(path)
    try:
        yield reader
    finally:
        reader.close()


def cluster_status(data: Path, *, screen: Console) -> dict[str, Any]:
    """Show the sectors of a cluster's data folder: holder, number of the lease, since when each is live, and progress.

    Then the national picture (``ops.cluster.national_picture``). Raises RoomError for a folder without leases.
    """
    book = known_leases(data)
    if book is None:
        raise RoomError(f"{data}: holds no leases; expected the folder of `watchline cluster run`.")
    with book:
        leases = [lease for lease in book.leases() if (data / lease.sector).is_dir() or book.read_at_s is None]
    table = table_of("sector", "worker", "lease", "live_since", "rows", "fused", right=("lease", "rows", "fused"))
    waits, found = known_waits(data), dict[str, Any]()
    for lease in leases:
        since = None if lease.live_ns is None else datetime.fromtimestamp(lease.live_ns / 1e9, UTC)
        counts = taken(data / lease.sector)
        found[lease.sector] = {
            "worker": lease.holder or None,
            "machine": (lease.holder and lease.machine) or None,
            "lease": lease.token,
            "live_since": None if since is None else f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "processes": [one.pid for one in lease.processes],
            "waits": say_in_english(told(lease.sector, waits[lease.sector])) if lease.sector in waits else None,
            **counts,
        }
        shown = found[lease.sector]
        cells = [lease.sector, shown["worker"] or "–", shown["lease"], shown["live_since"] or "–"]
        table.add_row(*map(str, [*cells, counts["rows"], counts["fused"]]))
    show_table(screen, table)
    for name, wait in waits.items():
        show(screen, told(name, wait))
    for name in found:
        record_command(
            data / name, "cluster status", "incidents that are not closed, and tracks", operation="consultation"
        )
    picture = national_picture(data, list(found), now_ns=time.time_ns())
    show_national_picture(picture, screen=screen)
    for name, summary in picture.pop("sectors").items():
        found[name]["summary"] = summary
    return {"sectors": found, **picture}
