"""``nation.db``: one identity for a track for ever, one writer at a time, all of a commit or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.cluster.identity.decision import IdentityChange, IdentityDecision
from ops.cluster.identity.nation_store import FILE, Continued, NationError, NationLost, NationReader, NationStore
from ops.cluster.identity.separation import separate
from tests.sqlite_steps import steps

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


INCIDENTS = st.tuples(st.sampled_from(["west", "mid", "east"]), st.sampled_from([f"I{n}" for n in range(6)]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    links=st.lists(st.tuples(INCIDENTS, INCIDENTS, st.booleans(), st.booleans()), max_size=12),
    shown=st.sets(INCIDENTS),
)
def test_what_concerns_some_incidents_is_what_the_whole_file_states_of_them(
    tmp_path_factory: pytest.TempPathFactory, links, shown
):
    folder = tmp_path_factory.mktemp("nation")
    with NationStore(folder) as store:
        store.commit(continued=[Continued(*key, *before, "Na", apart) for key, before, apart, _ in links])
        for key, *_, is_separated in links:
            if is_separated:
                separate(folder, key, "Mary", 7)
        whole = store.continued()
        for sector in ("west", "mid", "east"):
            ids = [incident for name, incident in shown if name == sector]
            expected = [one for one in whole if one.sector == sector and one.incident in ids]
            assert sorted(store.continued_of(sector, ids)) == expected
        events = set(shown)
        while more := {
            each
            for one in whole
            for each in (one[:2], one[2:4])
            if not events.isdisjoint((one[:2], one[2:4])) and each not in events
        }:
            events |= more
        assert sorted(store.continued_in_events(shown)) == [one for one in whole if one[:2] in events]


def test_what_concerns_some_incidents_is_read_without_the_history_of_the_nation(tmp_path: Path):
    def readings(folder: Path, history: int) -> list[int]:
        before = [Continued("east", f"H{n}", "west", f"H{n}", "Nh") for n in range(history)]
        shown = [Continued("east", f"I{n}", "west", f"I{n}", "Ni") for n in range(10)]
        with NationStore(folder) as store:
            store.commit(continued=[*before, *shown])
            ids = [one.incident for one in shown]
            found = store.continued_of("east", ids), store.continued_in_events([("west", each) for each in ids])
            assert sorted(found[0]) == sorted(found[1]) == shown
            assert store._db is not None
            return [
                steps(store._db, lambda: store.continued_of("east", ids)),
                steps(store._db, lambda: store.continued_in_events([("west", each) for each in ids])),
                steps(store._db, store.events_mark),
                steps(store._db, store.continued),
            ]

    *few, whole_of_few = readings(tmp_path / "few", 10)
    *many, whole_of_many = readings(tmp_path / "many", 2000)
    assert many == few
    assert whole_of_many > 50 * whole_of_few, "what is counted does grow with the rows that are read"
