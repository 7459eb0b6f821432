"""A store that is computed again from the journal, as after a restore, sends no past alert as a new one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ops.services.feeds.feed import FeedReceiver
from ops.services.feeds.ledger import FILE, DeliveryLedger
from ops.store.connections import StoreError
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.services.feeds.test_added_receivers import Servers, run
from tests.ops.services.feeds.test_dispatch import RAISED

JOURNALED = 9
"""Rows of the journal, each of which raises a distress alert; those of the last two are still open."""


class Phones(Servers):
    def __init__(self) -> None:
        super().__init__("phone")
        self.receivers = [FeedReceiver("phone", kinds=("alert",), window=64)]

    @property
    def heard(self) -> list[str]:
        return self.names_of("phone")


def alert(number: int, prefix: str = "A", **changes: Any) -> dict[str, Any]:
    status = "active" if number > JOURNALED - 2 else "cleared"
    described = {"status": status, "priority": "distress", "raised_at": RAISED}
    return {"id": f"{prefix}{number}", "revision": 0} | described | changes


def computed(path: Path, *, to: int = JOURNALED, prefix: str = "A", journaled: int = JOURNALED) -> None:
    """What fusion writes up to a row; then it ends."""
    store = Store(path, journaled=journaled)
    for row in range(store.cursor + 1, to + 1):
        store.commit(row, stamp_ns=row, alerts=[alert(row, prefix)])
    store.close()


def heard(path: Path) -> list[str]:
    """What a process of the feeds sends."""
    with closing(Reader(path)) as store:
        return run(store, Phones()).heard  # type: ignore[arg-type]


def moved_away(path: Path) -> None:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.mark.parametrize("killed_at", [0, 5], ids=["in one go", "killed on the way"])
def test_without_a_ledger_receivers_get_what_is_open_once_the_store_is_complete(path: Path, killed_at: int) -> None:
    """As in an empty folder into which a backup was restored. Only what the journal had before counts as delivered."""
    computed(path, to=killed_at)
    assert heard(path) == []
    computed(path)
    with closing(Reader(path)) as store:
        assert store.progress().outbox_waiting == 0
    assert heard(path) == ["A9", "A8"]
    computed(path, to=JOURNALED + 1)
    assert heard(path) == ["A10"]


def test_with_its_ledger_a_receiver_goes_on_where_it_was(path: Path) -> None:
    """As after an upgrade, whose alerts have the same identifiers."""
    computed(path, to=4, journaled=0)
    assert heard(path) == ["A1", "A2", "A3", "A4"]
    computed(path, journaled=0)  # and before the feeds had these, the store was moved away
    moved_away(path)
    computed(path, to=2)
    assert heard(path) == []
    computed(path)
    assert heard(path) == ["A5", "A6", "A7", "A8", "A9"]


def test_with_other_identifiers_what_is_open_comes_again_and_nothing_else(path: Path) -> None:
    """As after a change of the layout, or of a program that tracks otherwise."""
    computed(path, journaled=0)
    assert len(heard(path)) == JOURNALED
    moved_away(path)
    computed(path, to=JOURNALED + 3, prefix="B", journaled=JOURNALED + 3)
    assert heard(path) == ["B12", "B11", "B10", "B9", "B8"]
    assert heard(path) == []


def test_a_start_that_fails_before_what_is_open_was_given_is_made_up_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed(path, journaled=0)
    assert len(heard(path)) == JOURNALED
    moved_away(path)
    computed(path, prefix="B")

    def fails(_: Reader) -> None:
        raise StoreError("the store is busy")

    with monkeypatch.context() as patch:
        patch.setattr(Reader, "open_rows", fails)
        with pytest.raises(StoreError):
            heard(path)
    assert heard(path) == ["B9", "B8"]
    assert heard(path) == []


def test_a_store_that_is_exchanged_twice_is_noticed_each_time(path: Path) -> None:
    """Also where nothing new came between: its rows would be passed over up to the number of the other."""
    for prefix, rows, expected in (("A", JOURNALED, ["A9", "A8"]), ("B", 8, ["B8"])):
        computed(path, to=rows, prefix=prefix, journaled=rows)
        assert heard(path) == expected
        moved_away(path)
    computed(path, to=8, prefix="B", journaled=8)
    computed(path, to=9, prefix="B")
    assert heard(path) == ["B9"]


def test_a_journal_that_was_restored_to_an_earlier_point_is_not_waited_for(path: Path) -> None:
    computed(path, to=5)
    computed(path, to=5, journaled=5)
    with closing(Reader(path)) as store:
        assert not store.is_computed_again()


def test_the_ledger_of_a_row_that_was_erased_since_goes_on(path: Path) -> None:
    computed(path, to=2, journaled=0)
    assert heard(path) == ["A1", "A2"]
    store = Store(path)
    with store._transaction() as sql:
        sql("UPDATE outbox SET body = x''")
    store.close()
    assert heard(path) == []
    ledger = DeliveryLedger(path.with_name(FILE))
    assert ledger.last_taken() == (2, "A2", 0)
    ledger.close()
