"""Archives of a nation: each sector's as its own command gives it, resumed, and tracked on any scheduler."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from ops.cluster.batch.archive import archive_nation, sector_files
from ops.journal.archive import archive_journal, track_archive
from ops.journal.erasure import erase_bodies
from ops.runtime.batch.scheduler import Scheduler
from ops.sector.open_sector import open_sector
from tests.dask_workers import dask_workers

QUIET = Console(quiet=True)
HERE = Scheduler()


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory, make_sector: Callable[[Path], Any], hill_journal: Path) -> Path:
    """Two sectors with the same sensors, and in ``data`` a journal of each."""
    root = tmp_path_factory.mktemp("nation")
    for name in ("west", "east"):
        files = make_sector(root / name)
        files.edit(files.sector, 'name = "hills"', f'name = "{name}"')
        (root / "data" / name).mkdir(parents=True)
        shutil.copy(hill_journal, root / "data" / name / "journal.db")
    (root / "nation.toml").write_text('name = "north"\nsectors = ["west", "east"]\n')
    return root / "nation.toml"


@pytest.fixture
def a_worker() -> Iterator[str]:
    """The address of a scheduler with a worker in this process."""
    with dask_workers(1) as address:
        yield address


def archived(nation: Path, out: Path, data: Path | None = None, scheduler: Scheduler = HERE) -> dict[str, Any]:
    data = data or nation.parent / "data"
    return archive_nation(nation, data, out, piece="day", layout=None, scheduler=scheduler, screen=QUIET)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_each_sector_has_the_files_of_its_own_command_on_every_scheduler(nation: Path, a_worker: str, tmp_path: Path):
    counts = archived(nation, tmp_path / "here")
    assert archived(nation, tmp_path / "there", scheduler=Scheduler(a_worker)) == counts
    alone = archive_journal(
        nation.parent / "data" / "east" / "journal.db",
        open_sector(nation.parent / "east"),
        tmp_path / "one",
        piece="day",
    )
    assert counts["sectors"]["east"]["detections"] == alone["detections"] > 0
    assert counts["detections"] == 2 * alone["detections"]
    found = files_of(tmp_path / "here")
    assert found == files_of(tmp_path / "there")
    assert {name: found[name] for name in found if name.startswith("east/")} == files_of(tmp_path / "one")


def test_one_journal_is_archived_on_a_scheduler_as_in_this_process(
    nation: Path, a_worker: str, tmp_path: Path, watchline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    one = [nation.parent / "east", nation.parent / "data" / "east"]
    ends = [
        watchline("archive", "detections", *one, "--out", out, "--scheduler", scheduler, "--json")
        for out, scheduler in (("here", "threads"), ("there", a_worker))
    ]
    assert [ended.code for ended in ends] == [0, 0], ends[1].err
    here, there = (json.loads(ended.out) for ended in ends)
    assert [name.replace("there", "here") for name in there.pop("files")] == here.pop("files") != []
    assert there == here
    assert files_of(tmp_path / "here") == files_of(tmp_path / "there") != {}


def test_what_a_worker_cannot_archive_is_stated_and_nothing_is_written(
    nation: Path, a_worker: str, tmp_path: Path, watchline: Callable[..., Any]
):
    (tmp_path / "journal.db").write_bytes(b"not a database" * 100)
    out = tmp_path / "out"
    ended = watchline("archive", "detections", nation.parent / "east", tmp_path, "--out", out, "--scheduler", a_worker)
    assert (ended.code, "journal.db" in ended.err, out.exists()) == (1, True, False)


def test_what_was_interrupted_is_archived_again_and_the_rest_is_kept(nation: Path, tmp_path: Path):
    out = tmp_path / "out"
    archived(nation, out)
    before = files_of(out)
    (out / ".parts" / "east.json").rename(out / ".parts" / "east.begun")
    for file in (out / "east").iterdir():
        file.write_bytes(b"half")
    counts = archived(nation, out)
    assert (counts["kept"], counts["computed_again"]) == (["west"], [])
    assert files_of(out) == before


def test_a_damaged_file_is_named_and_archived_again(nation: Path, tmp_path: Path):
    out = tmp_path / "out"
    archived(nation, out)
    before = files_of(out)
    next((out / "west").iterdir()).unlink()
    counts = archived(nation, out)
    assert (counts["kept"], counts["computed_again"]) == (["east"], ["west"])
    assert files_of(out) == before


def test_another_journal_with_as_many_rows_or_another_ground_is_archived_again(nation: Path, tmp_path: Path):
    root, out = tmp_path / "nation", tmp_path / "out"
    shutil.copytree(nation.parent, root)
    archived(root / "nation.toml", out)
    with closing(sqlite3.connect(root / "data" / "east" / "journal.db")) as journal, journal:
        journal.execute("UPDATE journal SET received_ns = received_ns + 1 WHERE id = (SELECT max(id) FROM journal)")
    assert archived(root / "nation.toml", out)["kept"] == ["west"]
    border = root / "west" / "border.geojson"
    border.write_text(border.read_text() + " ")
    assert archived(root / "nation.toml", out)["kept"] == ["east"]


def test_an_archive_is_kept_if_its_detections_are_erased_from_the_journal(nation: Path, tmp_path: Path):
    """Otherwise it would be archived again, from a journal that has nothing for it."""
    root, out = tmp_path / "nation", tmp_path / "out"
    shutil.copytree(nation.parent, root)
    archived(root / "nation.toml", out)
    before = files_of(out)
    assert erase_bodies(root / "data" / "east" / "journal.db", lambda kind, _: kind == "detections") > 0
    assert archived(root / "nation.toml", out)["kept"] == ["west", "east"]
    with closing(sqlite3.connect(root / "data" / "east" / "journal.db")) as journal, journal:
        journal.execute("UPDATE journal SET received_ns = received_ns + 1 WHERE id = (SELECT max(id) FROM journal)")
    counts = archived(root / "nation.toml", out)
    (failed,) = counts["failed"]
    assert (failed["sector"], "erased from the journal" in failed["why"]) == ("east", True)
    assert files_of(out) == before


def test_an_archive_is_kept_if_the_journal_was_begun_anew(nation: Path, tmp_path: Path):
    """As after the loss of a machine: the archive is the only copy of what was before."""
    root, out = tmp_path / "nation", tmp_path / "out"
    shutil.copytree(nation.parent, root)
    archived(root / "nation.toml", out)
    before = files_of(out)
    with closing(sqlite3.connect(root / "data" / "east" / "journal.db")) as journal, journal:
        journal.execute(f"UPDATE journal SET received_ns = received_ns + {31 * 86_400 * 10**9}")
    (failed,) = archived(root / "nation.toml", out)["failed"]
    assert (failed["sector"], "the journal does not have" in failed["why"]) == ("east", True)
    assert files_of(out) == before


def test_a_piece_with_poses_alone_holds_no_detections_that_could_be_lost(nation: Path, tmp_path: Path):
    """A mobile sensor states its position also in hours in which it detects nothing."""
    out = tmp_path / "out"
    for kind, sectors in (("pose", []), ("radar", ["east"])):
        archived(nation, out)
        pd.DataFrame({"scan_kind": ["pose", kind]}).to_parquet(out / "east" / "2020-01-01.parquet")
        assert [one["sector"] for one in archived(nation, out)["failed"]] == sectors


def test_a_sector_without_a_journal_is_named(nation: Path, tmp_path: Path):
    (tmp_path / "data").mkdir()
    shutil.copytree(nation.parent / "data" / "west", tmp_path / "data" / "west")
    counts = archived(nation, tmp_path / "out", tmp_path / "data")
    (failed,) = counts["failed"]
    assert (failed["sector"], "no journal" in failed["why"]) == ("east", True)
    assert list(counts["sectors"]) == ["west"]


def test_the_sectors_of_a_nation_are_tracked_as_by_name_on_every_scheduler(
    nation: Path, a_worker: str, tmp_path: Path, watchline: Callable[..., Any]
):
    archive = tmp_path / "archive"
    archived(nation, archive)
    ending = watchline("archive", "track", nation, archive, "--out", tmp_path / "a", "--scheduler", a_worker, "--json")
    assert ending.code == 0, ending.err
    assert json.loads(ending.out)["sectors"] == ["west", "east"]
    track_archive(archive, [str(nation.parent / name) for name in ("west", "east")], tmp_path / "b")
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    assert sector_files(["cumberland", str(nation)])[0] == "cumberland"
