"""``watchline run`` on a sector of a cluster, or a second cluster in its folder: one sentence, nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geo.errors import BadInput
from ops.cluster.leases.claimed_sectors import refuse_claimed
from ops.cluster.leases.lease_book import CLUSTER_LOCK
from ops.cluster.leases.store_leases import StoreLeases
from ops.cluster.supervisor import store_claim
from ops.cluster.supervisor.store_claim import StoreClaim
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.migration import migrate
from ops.runtime.files.lock import lock_file
from tests.ops.postgres_server import PostgresServer
from tests.patience import PATIENT_S


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def address(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> StoreAddress:
    """A store of the test's own, whose password the environment has."""
    made = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(made)
    monkeypatch.setenv(STORE_VARIABLE, made.text)
    return made


@pytest.mark.parametrize("folder", ["data/hills", "data"])
def test_a_folder_of_a_running_cluster_is_refused_also_while_no_worker_has_it(
    folder: str, tmp_path: Path, hill_sector: Any, watchline: Callable[..., Any]
):
    data = tmp_path / "data"
    data.mkdir()
    lock = lock_file(data / CLUSTER_LOCK)
    assert lock is not None
    try:
        before = content(data)
        ended = watchline("run", hill_sector.sector, "--data", tmp_path / folder)
        assert ended.code != 0
        [sentence] = ended.err.strip().splitlines()
        assert f"--data: a cluster runs in {data}; expected a folder outside of it" in sentence.replace("\n", " ")
        assert content(data) == before
        assert not (data / "hills").exists()
    finally:
        os.close(lock)
    refuse_claimed("hills", data / "hills", None)


def test_a_folder_in_that_of_a_cluster_is_refused_also_if_it_is_a_link_to_another_disk(tmp_path: Path):
    data, disk = tmp_path / "data", tmp_path / "disk" / "hills"
    data.mkdir()
    disk.mkdir(parents=True)
    (data / "hills").symlink_to(disk)
    (tmp_path / "link").symlink_to(data)
    lock = lock_file(data / CLUSTER_LOCK)
    assert lock is not None
    for folder in (data / "hills", tmp_path / "link" / "hills", tmp_path / "link"):
        with pytest.raises(BadInput, match=f"a cluster runs in {data}"):
            refuse_claimed("hills", folder, None)
    os.close(lock)
    refuse_claimed("hills", data / "hills", None)


def test_a_second_cluster_in_the_folder_is_refused_before_it_replaces_the_address_of_the_broker(
    tmp_path: Path, hill_sector: Any, watchline: Callable[..., Any]
):
    data, nation = tmp_path / "data", tmp_path / "nation.toml"
    data.mkdir()
    (data / "broker.url").write_text("mqtt://127.0.0.1:1\n")
    nation.write_text(f'name = "north"\nsectors = ["{hill_sector.sector}"]\n')
    lock = lock_file(data / CLUSTER_LOCK)
    assert lock is not None
    try:
        before = content(data)
        ended = watchline("cluster", "run", nation, "--data", data, "--duration", 1)
        assert ended.code != 0
        assert f"{data}: in use by another cluster; expected another folder." in ended.err.replace("\n", " ")
        assert content(data) == before
    finally:
        os.close(lock)


def test_a_sector_of_a_store_is_refused_while_a_cluster_claims_it(
    address: StoreAddress, tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
):
    data, database = tmp_path / "data", str(address.url.database)  # type: ignore[attr-defined]
    refuse_claimed("hills", data, address.text)
    claim = StoreClaim(address.text, ["hills"])
    with pytest.raises(BadInput, match="--store: a cluster runs the sector hills in"):
        refuse_claimed("hills", data, address.text)
    refuse_claimed("coast", data, address.text)
    rows = postgres_server.execute("SELECT name FROM watchline.sectors", database=database)
    assert [row[0] for row in rows] == ["hills"]
    claim.close()
    monkeypatch.setattr(store_claim, "_WAIT_S", round(PATIENT_S))  # until the server has noticed it
    refuse_claimed("hills", data, address.text)
    assert not data.exists()


def test_a_sector_that_another_machine_still_holds_is_refused_without_a_supervisor(
    address: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ops.cluster.leases.claimed_sectors.LOST_AFTER_S", PATIENT_S)
    with StoreLeases(address, tmp_path / "second") as elsewhere:
        token = elsewhere.claim("hills", "worker-1")
        with pytest.raises(BadInput, match="a cluster runs the sector hills"):
            refuse_claimed("hills", tmp_path / "data", address.text)
        elsewhere.give_back("hills", token)
        refuse_claimed("hills", tmp_path / "data", address.text)
        assert not (tmp_path / "data").exists()
