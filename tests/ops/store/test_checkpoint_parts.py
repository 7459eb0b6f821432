"""A checkpoint in parts is valid with its last part, and not before: whatever is killed, changed, erased or full."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.audit.day_keys import ChangedRecord, DayKeys
from ops.services.fusion.checkpoint import read_checkpoint
from ops.store.checkpoints.parts import IN_PARTS
from ops.store.connections import StoreError
from ops.store.erasure import days_of_picture
from ops.store.reader import StoreFull
from ops.store.writer import Store
from tests.ops.store.stored import direct, stored_bytes
from tests.ops.store.test_store import history

DAY_NS = 86_400 * 10**9
STEPS = st.lists(st.sampled_from(["row", "begin", "part", "end", "whole", "crash"]), max_size=40)


def in_parts(store: Store, *parts: bytes, stamp_ns: int = 0) -> None:
    store.begin_checkpoint()
    for part in parts:
        store.add_to_checkpoint(part, stamp_ns=stamp_ns)
    store.end_checkpoint()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_a_store_returns_to_the_newest_checkpoint_that_was_ended(new_file, steps):
    return_to_the_newest(new_file(), steps)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_a_store_in_postgresql_returns_to_it_too(new_sector, connections_closed, steps):
    return_to_the_newest(new_sector(), steps)


def return_to_the_newest(path, steps):
    """Against a model: the state that counts is that of the moment at which its checkpoint was begun."""
    store, cursor = Store(path), 0
    valid: tuple[int, bytes | None] = (0, None)
    begun: tuple[int, bytes] | None = None
    for number, step in enumerate([*steps, "crash"]):
        if step == "row":
            cursor += 1
            store.commit(cursor, stamp_ns=0, history=history(cursor, 1))
        elif step == "begin":
            store.begin_checkpoint()
            begun = (cursor, b"")
        elif step == "part" and begun is not None:
            store.add_to_checkpoint(b"part %d;" % number, stamp_ns=0)
            begun = (begun[0], begun[1] + b"part %d;" % number)
        elif step == "end" and begun is not None and begun[1]:
            store.end_checkpoint()
            valid, begun = begun, None
        elif step == "whole":
            store.commit(cursor, stamp_ns=0, checkpoint=b"whole %d" % number)
            valid, begun = (cursor, b"whole %d" % number), None
        elif step == "crash":
            store.close()
            store, begun, cursor = Store(path), None, valid[0]
            assert (store.cursor, store.checkpoint) == valid
            assert store.history_dataset()["segment"].values.tolist() == list(range(1, cursor + 1))
    store.close()


def test_the_parts_of_the_checkpoint_before_last_are_overwritten_not_added_to(path):
    store = Store(path)
    for count in (5, 3, 4, 2, 2):
        in_parts(store, *[b"x"] * count)
    assert store._connection.execute("SELECT count(*) FROM checkpoint_parts").fetchone() == (4,)
    store.commit(1, stamp_ns=0, checkpoint=b"whole")
    assert store._connection.execute("SELECT count(*) FROM checkpoint_parts").fetchone() == (0,)
    store.close()


def test_skips_are_kept_until_a_checkpoint_that_holds_them_is_ended(path):
    store = Store(path)
    store.commit(3, stamp_ns=0, skipped=[1, 3])
    store.begin_checkpoint()
    store.add_to_checkpoint(b"x", stamp_ns=0)
    store.commit(5, stamp_ns=0, skipped=[5])
    store.close()
    store = Store(path)
    assert (store.cursor, store.skips) == (0, {1, 3, 5})
    store.commit(3, stamp_ns=0)
    store.begin_checkpoint()
    store.commit(5, stamp_ns=0)
    store.add_to_checkpoint(b"x", stamp_ns=0)
    store.end_checkpoint()
    store.close()
    store = Store(path)
    assert (store.cursor, store.skips, store.decided) == (3, {5}, 5)
    store.close()


def test_a_part_that_did_not_fit_on_the_disk_is_written_once_there_is_room(file_path):
    path = file_path
    store = Store(path)
    store.begin_checkpoint()
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreFull):
        store.add_to_checkpoint(bytes(100_000), stamp_ns=0)
    store.commit(1, stamp_ns=0)  # what needs no room is written meanwhile
    store._connection.execute("PRAGMA max_page_count=1000000")
    store.add_to_checkpoint(bytes(100_000), stamp_ns=0)
    store.add_to_checkpoint(b"end", stamp_ns=0)
    store.end_checkpoint()
    store.close()
    store = Store(path)
    assert (store.cursor, store.checkpoint) == (0, bytes(100_000) + b"end")
    store.close()


def test_a_missing_part_is_an_error_not_a_shorter_checkpoint(path):
    store = Store(path)
    in_parts(store, b"a", b"b", b"c")
    store.close()
    with direct(path) as database:
        database.execute("DELETE FROM checkpoint_parts WHERE n = 1")
    with pytest.raises(StoreError, match=r"a part of its checkpoint is missing; remove the store to rebuild it\."):
        Store(path)


def test_a_program_that_knows_no_parts_refuses_the_store(path):
    """It reads the column in which it kept its checkpoints."""
    store = Store(path)
    in_parts(store, b"a")
    (body,) = store._connection.execute("SELECT body FROM checkpoint").fetchone()
    store.close()
    assert body == IN_PARTS
    with pytest.raises(BadInput, match="expected a checkpoint of this version"):
        read_checkpoint(body)


def test_parts_are_encrypted_each_under_the_key_of_its_day_and_in_its_place(path):
    store = Store(path, encrypted=True)
    store.begin_checkpoint()
    store.add_to_checkpoint(b"secret one", stamp_ns=DAY_NS - 1)
    store.add_to_checkpoint(b"secret two", stamp_ns=DAY_NS)
    store.end_checkpoint()
    store.close()
    assert b"secret" not in stored_bytes(path, "checkpoint", "checkpoint_parts")
    assert days_of_picture(path) == {date(1970, 1, 1), date(1970, 1, 2)}
    store = Store(path, encrypted=True)
    assert store.checkpoint == b"secret onesecret two"
    store.begin_checkpoint()
    store.add_to_checkpoint(b"later", stamp_ns=5 * DAY_NS)
    assert days_of_picture(path) == {date(1970, 1, 1), date(1970, 1, 2), date(1970, 1, 6)}, "until the last part, both"
    store.end_checkpoint()
    in_parts(store, b"later", stamp_ns=5 * DAY_NS)
    store.close()
    assert days_of_picture(path) == {date(1970, 1, 6)}, "what was overwritten needs no key"


def test_parts_that_changed_places_are_refused_and_one_whose_key_is_erased_too(path):
    store = Store(path, encrypted=True)
    in_parts(store, b"one", b"two")
    store.close()
    with direct(path) as database:
        database.execute("UPDATE checkpoint_parts SET n = 9 WHERE n = 0")
        database.execute("UPDATE checkpoint_parts SET n = 0 WHERE n = 1")
        database.execute("UPDATE checkpoint_parts SET n = 1 WHERE n = 9")
    with pytest.raises((StoreError, ChangedRecord), match="changed or moved"):
        Store(path, encrypted=True)
    with direct(path) as database:
        database.execute("UPDATE checkpoint_parts SET n = 9 WHERE n = 0")
        database.execute("UPDATE checkpoint_parts SET n = 0 WHERE n = 1")
        database.execute("UPDATE checkpoint_parts SET n = 1 WHERE n = 9")
    DayKeys.beside(path).erase("live", date(1970, 1, 1))
    with pytest.raises(StoreError, match="the key of its checkpoint is erased"):
        Store(path, encrypted=True)
