"""The key of a cluster's machines: every day has a key of its own, and an erased one cannot be computed any more."""

from __future__ import annotations

import shutil
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.audit.key_places.machine_key import Leaf, MachineKey
from ops.audit.key_places.protocol import KEY_KINDS, DayKeyError

LEAVES = st.tuples(
    st.sampled_from(["west", "east", "ouest-à"]),
    st.sampled_from(KEY_KINDS),
    st.dates(date(1970, 1, 1), date(2149, 6, 6)),  # the days that a record can have
)


@pytest.fixture
def key(tmp_path: Path) -> MachineKey:
    return MachineKey.made(tmp_path / "day-keys.key")


@given(erased=st.lists(LEAVES, max_size=12), others=st.lists(LEAVES, min_size=1, max_size=6))
@settings(max_examples=40)
def test_what_is_erased_is_gone_for_good_and_everything_else_stays_as_it_was(
    erased: list[Leaf], others: list[Leaf], tmp_path_factory: pytest.TempPathFactory
):
    key = MachineKey.made(tmp_path_factory.mktemp("key") / "day-keys.key")
    before = {leaf: key.wrapping(*leaf) for leaf in (*others, *erased)}
    assert len(set(before.values())) == len(before), "each has a key of its own"
    name, files = key.name, key.of_files
    assert key.erase(erased) == len(set(erased))
    assert key.erase(erased) == 0
    again = MachineKey(key.path)
    for one in (key, again):
        assert (one.name, one.of_files) == (name, files)
        assert {leaf: one.wrapping(*leaf) for leaf in before} == {
            leaf: None if leaf in erased else value for leaf, value in before.items()
        }


def test_no_seed_of_the_file_gives_an_erased_key(key: MachineKey):
    """The seeds left are those of other branches: no path of one begins the path of the erased day."""
    import msgspec

    from ops.audit.key_places import machine_key

    leaf: Leaf = ("west", "tracks", date(2026, 11, 29))
    key.erase([leaf])
    seeds = msgspec.json.decode(key.path.read_bytes())["seeds"]
    path = machine_key._path_of(leaf)
    assert len(seeds) == len(path)
    assert not [branch for branch in seeds if path.startswith(branch)]


def test_days_that_are_erased_in_order_cost_few_seeds(key: MachineKey):
    first = date(2026, 1, 1)
    sizes = []
    for year in range(2):
        key.erase(("west", "tracks", first + timedelta(days=n)) for n in range(365 * year, 365 * (year + 1)))
        sizes.append(key.path.stat().st_size)
    assert sizes[1] < sizes[0] + 16 * 150, "one seed more for each bit of a day at most, each with its path"


def test_a_lock_that_cannot_be_made_is_one_sentence(key: MachineKey):
    key.path.with_suffix(".lock").mkdir()
    with pytest.raises(DayKeyError, match="cannot be used"):
        key.erase([("west", "tracks", date(2026, 11, 29))])


def test_the_bytes_of_the_file_before_are_overwritten(key: MachineKey):
    shown = key.path.with_name("before")
    shown.hardlink_to(key.path)  # the file as it was before, whatever has taken its place
    before = shown.read_bytes()
    key.erase([("west", "alerts", date(2026, 1, 1))])
    assert len(shown.read_bytes()) == len(before)
    assert not any(before[n : n + 16] in shown.read_bytes() for n in range(0, len(before) - 16, 16))


def test_processes_that_erase_at_once_lose_nothing(key: MachineKey):
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(12)]

    def erase(day: date) -> None:
        MachineKey(key.path).erase([("west", "tracks", day)])

    threads = [threading.Thread(target=erase, args=(day,)) for day in days]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [key.wrapping("west", "tracks", day) for day in days] == [None] * 12
    assert key.wrapping("east", "tracks", days[0]) is not None


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(key: MachineKey, monkeypatch: pytest.MonkeyPatch):
    """What was opened is overwritten then."""
    other, opened, days = MachineKey(key.path), Path.open, [date(2026, 1, 1)]

    def open_slowly(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        file = opened(path, mode, *rest, **named)
        if mode == "rb" and days:
            other.erase([("west", "tracks", days.pop())])
        return file

    monkeypatch.setattr(Path, "open", open_slowly)
    assert MachineKey(key.path).wrapping("west", "tracks", date(2026, 1, 1)) is None


def test_a_copy_of_the_file_is_the_same_key_and_another_one_is_not(key: MachineKey, tmp_path: Path):
    shutil.copy(key.path, tmp_path / "copy.key")
    copy, other = MachineKey(tmp_path / "copy.key"), MachineKey.made(tmp_path / "other.key")
    leaf: Leaf = ("west", "tracks", date(2026, 1, 1))
    assert (copy.name, copy.wrapping(*leaf)) == (key.name, key.wrapping(*leaf))
    assert other.name != key.name
    assert other.wrapping(*leaf) != key.wrapping(*leaf)
    assert MachineKey.made(key.path).name == key.name, "it is not made twice"
    assert key.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"name": "x", "files": "", "seeds": {}, "more": 1}'])
def test_a_file_that_is_no_key_is_one_sentence(tmp_path: Path, content: bytes | None):
    path = tmp_path / "day-keys.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DayKeyError, match="the key of the cluster's machines cannot be used"):
        MachineKey(path)
