"""``nation.db``: one identity for a track for ever, one writer at a time, all of a commit or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ops.cluster.identity.decision import IdentityChange, IdentityDecision
from ops.cluster.identity.nation_store import FILE, Continued, NationError, NationLost, NationReader, NationStore

FIRST = IdentityDecision("west", "W1", "Na", 5)
SECOND = IdentityDecision("east", "E1", "Na", 9, ("west", "W1"), 7.25)


def test_what_was_committed_is_there_after_the_writer_was_killed(tmp_path: Path):
    with NationStore(tmp_path) as store:
        store.commit([FIRST], progress={"west": 5})
        store.commit(
            [SECOND],
            progress={"east": 9, "west": 4},
            continued=[Continued("east", "I2", "west", "I1", "Na")],
            summaries={"east": b"{}"},
        )
    with NationReader(tmp_path) as reader:
        assert reader.identities() == {("west", "W1"): "Na", ("east", "E1"): "Na"}
        assert reader.identities("east") == {("east", "E1"): "Na"}
        assert reader.tracks_of("Na") == [FIRST, SECOND]
        assert reader.progress() == {"west": 5, "east": 9}  # it never goes back
        assert reader.continued() == [Continued("east", "I2", "west", "I1", "Na")]
        assert reader.summaries() == {"east": b"{}"}
        assert reader.count() == (1, 1)


def test_a_track_never_gets_a_second_identity(tmp_path: Path):
    with NationStore(tmp_path) as store:
        store.commit([FIRST])
        with pytest.raises(NationError, match="UNIQUE"):
            store.commit([SECOND, IdentityDecision("west", "W1", "Nb", 11)], progress={"east": 11})
        assert store.identities() == {("west", "W1"): "Na"}
        assert store.progress() == {}


def test_what_a_track_follows_later_is_beside_what_was_decided(tmp_path: Path):
    later = [IdentityChange("west", "W1", at_ns, national) for at_ns, national in ((20, "Nb"), (30, "Na"))]
    with NationStore(tmp_path) as store:
        store.commit([FIRST, SECOND], changes=later[1:])
        store.commit(changes=later)  # the second is known already
    with NationReader(tmp_path) as reader:
        assert reader.changes() == later
        assert reader.history() == {("west", "W1"): [(5, "Na"), (20, "Nb"), (30, "Na")], ("east", "E1"): [(9, "Na")]}
        assert {key: reader.history_of(key) for key in reader.history()} == reader.history()
        assert [reader.founded_ns(name) for name in ("Na", "Nb", "Nz")] == [5, 20, None]
        assert reader.history_of(("west", "W9")) == []
        assert reader.identities()["west", "W1"] == "Na"
        assert reader.count() == (2, 1), "an identity that a track took later is one, too"


def test_a_file_from_before_there_were_changes_has_none_until_it_is_written(tmp_path: Path):
    with NationStore(tmp_path) as store:
        store.commit([FIRST])
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("DROP TABLE changes")
    with NationReader(tmp_path) as reader:
        assert (reader.changes(), reader.history()) == ([], {("west", "W1"): [(5, "Na")]})
        assert (reader.history_of(("west", "W1")), reader.count()) == ([(5, "Na")], (1, 0))
        with NationStore(tmp_path) as store:
            store.commit(changes=[IdentityChange("west", "W1", 20, "Nb")])
        assert reader.history() == {("west", "W1"): [(5, "Na"), (20, "Nb")]}


def test_an_identity_that_ended_is_found_by_what_it_met_first(tmp_path: Path):
    met = [IdentityChange("east", "E1", at_ns, national, "Nb") for at_ns, national in ((20, "Na"), (30, "Nc"))]
    with NationStore(tmp_path) as store:
        store.commit(changes=met[:1])
        store.commit(changes=[*met, IdentityChange("east", "E1", 40, "Nd")])  # this one followed another target
    with NationReader(tmp_path) as reader:
        assert [reader.met(name) for name in ("Na", "Nb", "Nc", "Nd")] == [None, "Na", None, None]


def test_a_file_from_before_identities_could_end_has_none_that_did(tmp_path: Path):
    with NationStore(tmp_path) as store:
        store.commit([FIRST])
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("DROP TABLE met")
    with NationReader(tmp_path) as reader:
        assert reader.met("Nb") is None
        with NationStore(tmp_path) as store:
            store.commit(changes=[IdentityChange("east", "E1", 20, "Na", "Nb")])
        assert reader.met("Nb") == "Na"


def test_that_two_incidents_were_opened_apart_is_of_what_one_was_first_found_to_continue(tmp_path: Path):
    apart = [Continued("east", f"I{n}", "west", "I1", "Na", apart=n == 2) for n in (2, 3)]
    with NationStore(tmp_path) as store:
        store.commit(continued=apart)
        store.commit(continued=[one._replace(apart=not one.apart) for one in apart])
    with NationReader(tmp_path) as reader:
        assert reader.continued() == apart
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("DROP TABLE opened_apart")
    with NationReader(tmp_path) as reader:
        assert reader.continued() == [one._replace(apart=False) for one in apart], "a file of an earlier version"


def test_a_writer_that_was_replaced_writes_nothing_any_more(tmp_path: Path):
    with NationStore(tmp_path) as frozen, NationStore(tmp_path) as store:
        store.commit([FIRST])
        with pytest.raises(NationLost, match="another process writes it; nothing was written"):
            frozen.commit([SECOND])
        assert store.identities() == {("west", "W1"): "Na"}
        assert (frozen.fence, store.fence) == (1, 2)


def test_an_incident_keeps_the_one_that_it_continues(tmp_path: Path):
    first = Continued("east", "I2", "west", "I1", "Na")
    with NationStore(tmp_path) as store:
        store.commit(continued=[first])
        store.commit(continued=[Continued("east", "I2", "west", "I9", "Nb")])
        assert store.continued() == [first]


def test_a_folder_without_the_file_has_no_identities_and_gets_no_file(tmp_path: Path):
    with NationReader(tmp_path) as reader:
        assert (reader.identities(), reader.count(), reader.summaries()) == ({}, (0, 0), {})
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_version_is_refused_and_left_as_it_is(tmp_path: Path):
    NationStore(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("PRAGMA user_version = 2")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(NationError, match="is not a file of this version; expected version 1"):
        NationStore(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before
    (tmp_path / FILE).write_bytes(b"not a database" * 100)
    with pytest.raises(NationError, match="cannot be used"):
        NationStore(tmp_path)


def test_the_file_is_private(tmp_path: Path):
    NationStore(tmp_path).close()
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_a_file_whose_first_writer_was_killed_before_it_had_tables_is_empty(tmp_path: Path):
    (tmp_path / FILE).touch()
    with NationReader(tmp_path) as reader:
        assert (reader.count(), reader.identities(), reader.summaries()) == ((0, 0), {}, {})
        with NationStore(tmp_path) as store:
            store.commit([FIRST])
        assert reader.identities() == {("west", "W1"): "Na"}
