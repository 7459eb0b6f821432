"""What keeps a machine from a cluster: each is one sentence, before it takes a sector."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from geo.errors import BadInput
from ingest.mqtt.broker_url import BrokerUrl
from ops.audit.key_places.protocol import DayKeyError
from ops.cluster.commands import ClusterOptions, run_cluster
from ops.cluster.leases.store_leases import StoreLeases
from ops.cluster.machines import checks, first, here
from ops.cluster.machines.options import WorkerOptions
from ops.cluster.machines.shared import prepare_shared, security_of, shared_of
from ops.cluster.machines.start import scheduler_address, start_worker
from ops.cluster.machines.worker import JoinedWorker
from ops.cluster.supervisor.cluster import Listening
from ops.cluster.workers.sector_task import SectorTask, hold_sector
from ops.journal.stores.place import read_journal
from ops.postgres.address import StoreAddress
from ops.postgres.migration import migrate
from ops.room.retention import DailyRetention
from ops.sector.sector_file import load_sector
from ops.sector.settings import Settings
from ops.store.reader import Reader
from tests.ops.postgres_server import PostgresServer

QUIET = Console(stderr=True, quiet=True)


@pytest.fixture
def task(own_sector: Any, address: StoreAddress, tmp_path: Path) -> SectorTask:
    """The task of a sector as the supervisor of a cluster on several machines gives it."""
    made = SectorTask(
        sector=own_sector.sector,
        name="hills",
        layout=own_sector.layout,
        folder=tmp_path / "first",
        broker="mqtt://127.0.0.1:1",
        store=address.text,
    )
    return first.shared_tasks([made])[0]


@pytest.fixture
def options(task: SectorTask, address: StoreAddress, tmp_path: Path) -> WorkerOptions:
    """Those of a machine that may join, whose scheduler does not answer."""
    shutil.copytree(task.folder / "machines", tmp_path / "data" / "machines")
    (tmp_path / "nation.toml").write_text('name = "north"\nsectors = ["sector"]\n')
    return WorkerOptions(
        tmp_path / "nation.toml", tmp_path / "data", "tls://127.0.0.1:1", address.text, duration_s=0.01
    )


@pytest.mark.parametrize(
    ("off_s", "said"), [(3600.0, r"is 3[56]\d\d s ahead of that of"), (-3600.0, r"is 3[56]\d\d s behind that")]
)
def test_a_clock_that_is_an_hour_off(
    options: WorkerOptions, task: SectorTask, monkeypatch: pytest.MonkeyPatch, off_s: float, said: str
):
    """By at least as much as is said: a slow answer makes it less."""
    now_s = time.time
    monkeypatch.setattr(checks.refuse_wrong_clock, "__defaults__", (lambda: now_s() + off_s,))
    for attempt in (lambda: start_worker(options, screen=QUIET), lambda: hold_sector(task, worker="worker-1")):
        with pytest.raises(BadInput, match=said):
            attempt()
    with StoreLeases(StoreAddress(options.store), options.data) as leases:
        assert [lease.token for lease in leases.leases()] == [0], "nothing was claimed"


def test_a_slow_answer_is_no_wrong_clock(address: StoreAddress):
    """The server's time is between two readings of this machine's."""
    readings = iter([time.time() - 5.0, time.time() + 5.0])
    checks.refuse_wrong_clock(address, now_s=lambda: next(readings))


def test_programs_of_another_version(options: WorkerOptions, task: SectorTask, monkeypatch: pytest.MonkeyPatch):
    with StoreLeases(StoreAddress(options.store), options.data) as leases:
        leases.note_programs(["hills"], "Watchline 99, distributed 1, Python 3.1")
    with pytest.raises(BadInput, match=r"--scheduler: this machine has Watchline .*; expected Watchline 99,"):
        start_worker(options, screen=QUIET)
    assert task.common is not None
    with pytest.raises(BadInput, match=r"this machine has .*; expected Watchline 99"):
        hold_sector(replace(task, common=replace_programs(task, "Watchline 99")), worker="worker-1")


def replace_programs(task: SectorTask, programs: str) -> checks.Common:
    assert task.common is not None
    return checks.Common(programs, task.common.store, task.common.files)


def test_no_copy_of_the_shared_folder_or_one_of_another_cluster(options: WorkerOptions, tmp_path: Path):
    shared = options.data / "machines"
    shutil.rmtree(shared)
    with pytest.raises(BadInput, match=r"certificate\.pem is missing; expected a copy of this folder of the first"):
        start_worker(options, screen=QUIET)
    prepare_shared(options.data)
    with pytest.raises(DayKeyError, match="not the key of the machines that use"):
        start_worker(options, screen=QUIET)


def test_another_store(task: SectorTask, postgres_server: PostgresServer):
    other = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(other)
    with pytest.raises(BadInput, match="is not the store of the cluster"):
        hold_sector(replace(task, store=other.text), worker="worker-1")


def test_other_files_of_a_sector(task: SectorTask, own_sector: Any):
    layout = own_sector.layout.read_text()
    own_sector.layout.write_text(layout + " ")
    with pytest.raises(BadInput, match="the files of hills, its layout or the settings differ"):
        hold_sector(task, worker="worker-1")
    own_sector.layout.write_text(layout)
    sector = load_sector(own_sector.sector)
    assert task.common is not None
    assert checks.digest_of(sector, own_sector.layout, None) == task.common.files


def test_a_sector_that_this_machine_does_not_know(task: SectorTask, options: WorkerOptions):
    machine = here.Machine(options.data, {}, options.store)
    with here.on(machine), pytest.raises(BadInput, match="has no sector hills"):
        hold_sector(task, worker="worker-1")


def test_the_first_machine_erases_and_shows_a_sector_that_it_never_held(task: SectorTask):
    done = DailyRetention(task.data, Settings(), store=task.store).look(date(2026, 3, 1))
    assert done is not None
    assert done.as_dict()["days"] == {}
    with read_journal(task.data / "journal.db") as journal:
        assert journal.last_id() == 0
    with closing(Reader(task.data / "store.db")) as store:
        assert store.progress().cursor == 0


def test_an_audit_log_in_files_is_not_continued_beside_one_in_the_store(task: SectorTask):
    """Its reader here would not see what other machines record."""
    file = task.data / "audit" / "0001-2026-03-14.log"
    file.write_bytes(b"")
    with pytest.raises(BadInput, match=r"--listen: .* has an audit log in files; expected a folder without it"):
        first.shared_tasks([replace(task, common=None)])
    file.unlink()
    first.shared_tasks([replace(task, common=None)])


def test_a_folder_in_use_by_another_worker(options: WorkerOptions):
    from ops.runtime.files.lock import lock_file

    lock = lock_file(options.data / "cluster.lock")
    assert lock is not None
    with pytest.raises(BadInput, match="in use by another cluster or worker"):
        start_worker(options, screen=QUIET)
    import os

    os.close(lock)


def test_a_machine_that_may_join_waits_for_the_scheduler_and_leaves_with_nothing(options: WorkerOptions):
    found = start_worker(options, screen=QUIET)
    assert (found["given_back"], found["programs"]) == (0, checks.programs())
    assert (options.data / "machine").read_text().strip() == found["machine"]


def test_a_machine_whose_cluster_comes_back_with_other_programs_does_not_join_it_again(
    options: WorkerOptions, address: StoreAddress
):
    with StoreLeases(address, options.data) as leases:
        leases.note_programs(["hills"], "Watchline 0")
        worker = JoinedWorker(options, ["hills"])
        try:
            while "this machine has Watchline" not in worker.problem:  # pytest limits the time
                time.sleep(0.01)
            assert worker.address is None
        finally:
            worker.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *(
            (
                {"listen": (host, 8786)},
                f"--listen: {host} is not the address of a machine; expected that of this machine",
            )
            for host in (
                "0.0.0.0",
                "0",
                "0x0",
                "000.0.0.0",
                "0.0",
                "::",
                "::0",
                "0:0:0:0:0:0:0:0",
                "::ffff:0.0.0.0",
                "::ffff:0:0",
            )
        ),
        (
            {"listen": ("machine.invalid", 8786)},
            "--listen: machine.invalid cannot be resolved; expected the address of this machine",
        ),
        ({"listen": ("127.0.0.1", 8786)}, "--listen: is given without --store"),
        ({"listen": ("127.0.0.1", 8786), "store": "postgresql://db.example/w"}, "--listen: is given without --broker"),
        ({}, "--local: 0 workers; expected at least 1"),
    ],
)
def test_options_of_a_cluster_that_no_other_machine_could_use(tmp_path: Path, change: dict[str, Any], said: str):
    options = ClusterOptions(tmp_path / "nation.toml", tmp_path / "data", 0, **change)
    with pytest.raises(BadInput, match=said):
        run_cluster(options, screen=QUIET)
    assert not (tmp_path / "data").exists()


def test_settings_whose_pictures_would_stay_on_one_machine(tmp_path: Path):
    (tmp_path / "settings.toml").write_text(f'[media]\ndrop = "{tmp_path}"\n')
    options = ClusterOptions(
        tmp_path / "nation.toml",
        tmp_path / "data",
        1,
        BrokerUrl.parse("mqtt://127.0.0.1:1"),
        tmp_path / "settings.toml",
        store="postgresql://db.example/w",
        listen=("127.0.0.1", 8786),
    )
    with pytest.raises(BadInput, match=r"\[media\] with --listen: fetches pictures, which stay on one machine"):
        run_cluster(options, screen=QUIET)


def test_the_certificate_lets_in_who_has_its_key_and_is_made_once(tmp_path: Path):
    first_time = prepare_shared(tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "machines").iterdir()}
    assert prepare_shared(tmp_path).name == first_time.name == shared_of(tmp_path).name
    assert {path.name: path.read_bytes() for path in (tmp_path / "machines").iterdir()} == before
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "machines").iterdir())
    security = security_of(tmp_path)
    assert security.require_encryption
    assert Listening("127.0.0.1", 1, security).security is security
    assert scheduler_address("::1", 1) == "tls://[::1]:1"
    assert scheduler_address("192.0.2.10", 8786) == "tls://192.0.2.10:8786"
