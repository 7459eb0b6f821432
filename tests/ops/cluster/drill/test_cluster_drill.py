"""The drill of a cluster: its faults follow from a seed, and its laws are able to fail.

``make drill`` runs it for real, and
``python -m tests.drills.cluster SEED`` repeats one (docs/reliability.md).
"""

from __future__ import annotations

import itertools
import math
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.cluster.leases.lease_book import LeaseBook
from ops.journal.reader import JournalReader
from ops.runtime.clock import ScenarioClock
from ops.sector.open_sector import OpenSector
from ops.sector.settings import load_settings
from ops.services.fusion.process import Fusion
from ops.store.writer import Store
from tests.drills.cluster import faults, laws
from tests.drills.cluster.drill import Drill, Options, report
from tests.drills.cluster.nation import write_nation
from tests.drills.cluster.slope import pooled_slope
from tests.drills.cluster.watch import Failovers, Seen
from tests.drills.sizes import IS_LONG
from tests.drills.test_disk import SmallDisk


@given(st.integers(0, 2**31), st.sampled_from(["workers", "kills", "all"]), st.booleans())
def test_a_seed_decides_all_faults_and_every_kind_comes_before_one_comes_again(
    seed: int, which: str, store: bool
) -> None:
    kinds = faults.possible(which, store=store)
    made = faults.scheduled(seed, 60.0 * 2 * len(kinds), every_s=60.0, faults=which, store=store)
    assert made == faults.scheduled(seed, 60.0 * 2 * len(kinds), every_s=60.0, faults=which, store=store)
    for half in (made[: len(kinds)], made[len(kinds) :]):
        assert sorted((one.kind, one.what) for one in half) == sorted(kinds)
    assert [int(one.at_s // 60.0) for one in made] == list(range(2 * len(kinds))), "one per minute"
    assert all(one.at_s % 60.0 <= 40.0 for one in made)
    for one in made:
        is_instant = one.kind in ("kill", "database restart")
        assert one.length_s == 0.0 if is_instant else 5.0 <= one.length_s <= 20.0
        assert (one.step_s != 0) == (one.kind == "clock jump")


def test_only_a_drill_with_a_database_restarts_one_and_kills_are_kills() -> None:
    assert {kind for kind, _ in faults.possible("kills", store=True)} == {"kill"}
    assert ("database restart", "") in faults.possible("all", store=True)
    assert ("database restart", "") not in faults.possible("all", store=False)


def test_a_fault_chooses_alike_among_the_same_names_in_any_order() -> None:
    fault = faults.Fault(0.0, "kill", "fusion", 0.5)
    assert {fault.chosen(names) for names in itertools.permutations(["west", "east", "middle"])} == {"middle"}
    assert faults.Fault(0.0, "kill", "fusion", math.nextafter(1.0, 0.0)).chosen(["a", "b"]) == "b"


def test_the_slope_of_two_lives_is_that_of_a_calculation_by_hand() -> None:
    """Lives 0, 1, 2 and 0, 0, 0 at 0, 1, 2 s: slope 2/4, scores 1 and -1, variance 2/1 · 2/16, t(0.975, 1) = 12.706."""
    found = pooled_slope({"a": [(0, 0), (1, 1), (2, 2)], "b": [(0, 0), (1, 0), (2, 0)]}, warm_up_s=0.0)
    assert found is not None
    assert found.per_hour / 3600 == pytest.approx(0.5)
    assert (found.high - found.low) / 2 / 3600 == pytest.approx(12.706 * 0.5, rel=1e-4)
    assert (found.lives, found.hours * 3600) == (2, pytest.approx(4.0))


@given(st.floats(-1.0, 1.0), st.lists(st.floats(0.0, 500.0), min_size=2, max_size=5), st.floats(0.0, 50.0))
def test_lives_of_any_level_that_grow_alike_have_that_slope(slope: float, levels: list[float], began_s: float) -> None:
    lives = {n: [(began_s + s, level + slope * s) for s in range(0, 60, 5)] for n, level in enumerate(levels)}
    found = pooled_slope(lives, warm_up_s=0.0)
    assert found is not None
    assert found.per_hour == pytest.approx(3600 * slope, abs=1e-6)
    assert found.low == pytest.approx(found.per_hour, abs=1e-4)


def test_the_warm_up_of_each_life_does_not_count_and_one_life_has_no_interval() -> None:
    climbing = [(float(s), 100.0 * min(s, 10)) for s in range(30)]
    found = pooled_slope({"a": climbing, "short": climbing[:5]}, warm_up_s=10.0)
    assert found is not None
    assert (found.per_hour, found.lives) == (pytest.approx(0.0), 1)
    assert math.isnan(found.low)
    assert pooled_slope({"short": climbing[:5]}, warm_up_s=10.0) is None


def test_a_sector_is_away_from_the_fault_until_a_later_lease_is_live(tmp_path: Path) -> None:
    with LeaseBook(tmp_path) as book, closing(Failovers(tmp_path)) as failovers:
        first = book.claim("west", "worker-1")
        book.beat("west", first, live=True)
        assert failovers.all_live(["west"])
        assert not failovers.all_live(["west", "east"])
        failovers.struck(["west"], "kill worker", 100.0)
        failovers.look(101.0)
        assert not failovers.all_live(["west"]), "the lease of the killed worker does not count"
        second = book.claim("west", "worker-2")
        failovers.look(103.0)
        assert failovers.times_s == {}
        book.beat("west", second, live=True)
        failovers.look(107.5)
        assert failovers.times_s == {"kill worker": [7.5]}
        assert failovers.violations == []
        book._db.execute("UPDATE leases SET token = 1")
        failovers.look(108.0)
        assert failovers.violations == ["west: lease 1 after 2"]


def test_sectors_of_the_nation_lie_side_by_side_and_their_terrain_covers_their_border(tmp_path: Path) -> None:
    import geopandas as gpd
    import rasterio

    nation = write_nation(tmp_path, 2, seed=0, duration_s=2.0)
    west, middle = (gpd.read_file(files.border).to_crs(32616).total_bounds for files in nation.sectors.values())
    assert middle - west == pytest.approx([8000.0, 0.0, 8000.0, 0.0], abs=0.1)
    with rasterio.open(nation.sectors["middle"].dem) as raster:
        assert raster.bounds.left < middle[0] < middle[2] < raster.bounds.right
    assert all((night / "night.jsonl").stat().st_size > 0 for night in nation.nights.values())


@pytest.fixture(scope="module")
def fused(hill_journal: Path, hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sector that has fused a minute."""
    folder = tmp_path_factory.mktemp("fused")
    shutil.copy(hill_journal, folder / "journal.db")
    with closing(JournalReader(folder / "journal.db")) as journal, closing(Store(folder / "store.db")) as store:
        fusion = Fusion(journal, store, hill_ground, load_settings(None), ScenarioClock.live())
        while fusion.step(2000):
            pass
        fusion.finish()
    return folder


@pytest.fixture
def sector(fused: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    shutil.copytree(fused, tmp_path / "west")
    return tmp_path / "west"


def spoil(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


def seen_in(sector: Path) -> Seen:
    seen = Seen(sector)
    seen.look()
    assert seen.rows
    assert seen.revisions
    return seen


def test_an_undisturbed_sector_breaks_no_law(sector: Path, hill_sector: Any) -> None:
    assert laws._keys(sector) == []
    assert laws._stays(sector, seen_in(sector)) == []
    found, figures = laws._replay(sector, hill_sector.sector)
    assert found == []
    assert figures["estimates"] > 0
    assert figures["alert_revisions"] > 0


SPOILT: dict[str, tuple[str, str, Callable[..., list[str]]]] = {
    "was seen, and is gone or different: row": (
        "journal.db",
        "UPDATE journal SET body = x'7b7d' WHERE id = 5",
        laws._stays,
    ),
    "was seen, and is gone or different: ('alert'": (
        "store.db",
        "DELETE FROM outbox WHERE kind = 'alert'",
        laws._stays,
    ),
    "revision 7 after 0": (
        "store.db",
        "UPDATE outbox SET revision = 7 WHERE revision = 1 AND kind = 'alert'",
        laws._keys,
    ),
    "came out differently": ("store.db", "UPDATE meta SET diverged = 1", laws._keys),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_spoilt_file_breaks_the_law_that_it_should(sector: Path, what: str) -> None:
    file, statement, law = SPOILT[what]
    seen = seen_in(sector)
    spoil(sector / file, statement)
    found = law(sector, seen) if law is laws._stays else law(sector)
    assert any(what in sentence for sentence in found), found


def test_a_file_written_under_an_older_lease_breaks_the_fence(tmp_path: Path) -> None:
    for name, token in (("journal.db", 3), ("store.db", 2)):
        with closing(sqlite3.connect(tmp_path / name)) as connection, connection:
            connection.execute("CREATE TABLE fence (token INTEGER)")
            connection.execute("INSERT INTO fence VALUES (?)", (token,))
    assert laws._fences(tmp_path, 3) == ["store.db: written under lease 2, of 3"]


@pytest.mark.skipif(not IS_LONG, reason="takes half an hour each; `make drill` runs it")
@pytest.mark.parametrize("which", ["kills", "all"])
@pytest.mark.parametrize("store", [False, True], ids=["files", "postgresql"])
def test_a_nation_survives_a_fault_a_minute_for_half_an_hour(tmp_path: Path, which: str, store: bool) -> None:
    if which == "all":
        try:
            SmallDisk(tmp_path / "probe", 1).gone()
        except (subprocess.CalledProcessError, OSError) as error:
            pytest.skip(f"a small disk needs the right to mount one ({error}); run as root")
    found = Drill(Options(seed=19, faults=which, store=store), tmp_path, report).run()
    assert found["broken"] == []
    assert sum(found["faults"].values()) == 30
