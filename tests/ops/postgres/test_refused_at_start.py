"""A room or a cluster with a store that it cannot use: one sentence at once, exit code 1, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.postgres.address import StoreAddress
from ops.postgres.migration import migrate
from tests.ops.postgres_server import PostgresServer

WITH_LOGIN_TRIGGER = (
    "CREATE FUNCTION change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN SET timezone = 'Asia/Tokyo'; END $$;"
    " CREATE EVENT TRIGGER change ON login EXECUTE FUNCTION change()"
)


@pytest.mark.parametrize("command", ["run", "cluster run"])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE watchline.alembic_version SET version_num = '99'", "written by a newer Watchline (version 99)"),
        ("DROP TABLE watchline.markings", "is incomplete: without markings"),
        (WITH_LOGIN_TRIGGER, "timezone is Asia/Tokyo in its sessions; expected UTC"),
        ("DROP SCHEMA watchline CASCADE", "has no Watchline tables; expected `watchline store migrate` first"),
    ],
    ids=["newer", "half-migrated", "time-zone", "empty"],
)
def test_a_store_that_cannot_be_used_is_named_at_once_and_nothing_is_written(
    command: str,
    change: str,
    sentence: str,
    postgres_server: PostgresServer,
    hill_sector: Any,
    tmp_path: Path,
    watchline: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = postgres_server.new_database()
    address = StoreAddress(postgres_server.address(database))
    migrate(address)
    postgres_server.execute(change, database)
    monkeypatch.setattr("ops.runtime.compile_kernels.compile_missing", lambda _: pytest.fail("it takes minutes"))
    (tmp_path / "nation.toml").write_text(f'name = "north"\nsectors = ["{hill_sector.sector}"]\n')
    subject = [hill_sector.sector] if command == "run" else [tmp_path / "nation.toml", "--local", "1"]
    ended = watchline(*command.split(), *subject, "--data", tmp_path / "data", "--store", address.text)
    assert (ended.code, ended.out) == (1, "")
    [line] = ended.err.splitlines()
    assert sentence in line
    assert "correct" not in line, "the password of the address"
    assert not (tmp_path / "data").exists()
    if change != WITH_LOGIN_TRIGGER and "SCHEMA" not in change:
        assert postgres_server.execute("SELECT * FROM watchline.sectors", database) == []


def test_a_nation_with_overlapping_sectors_is_refused_before_its_store_is_opened(
    hill_sector: Any, make_sector: Callable[[Path], Any], tmp_path: Path, watchline: Callable[..., Any]
) -> None:
    other = make_sector(tmp_path / "other")
    other.edit(other.sector, 'name = "hills"', 'name = "other"')
    (tmp_path / "nation.toml").write_text(f'name = "north"\nsectors = ["{hill_sector.sector}", "other"]\n')
    ended = watchline(
        *("cluster", "run", tmp_path / "nation.toml", "--local", "1", "--data", tmp_path / "data"),
        *("--store", f"postgresql://u@/none?host={tmp_path}"),
    )
    assert (ended.code, ended.out) == (1, "")
    [line] = ended.err.splitlines()
    assert "hills and other watch the same 7." in line
    assert "km of border; expected sectors that share at most 1 km" in line
    assert not (tmp_path / "data").exists()
