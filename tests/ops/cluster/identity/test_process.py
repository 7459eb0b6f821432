"""The identity process on real stores: live, killed and frozen at any point, and on a store that is not there yet."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ops.cluster.commands import identity_process
from ops.cluster.identity import process
from ops.cluster.identity.decision import national_id
from ops.cluster.identity.followed import PictureFollower
from ops.cluster.identity.joining import MEMORY_S
from ops.cluster.identity.nation_store import Continued, NationError, NationLost, NationReader, NationStore
from ops.cluster.identity.process import NationWatch
from ops.cluster.identity.revision import MEMORY_NS
from ops.cluster.identity.separation import separate
from ops.cluster.identity.sighting import KNOWN
from ops.cluster.national_picture import CURRENT_NS, national_picture
from ops.store.moment_reader import MomentReader
from ops.store.writer import Store
from tests.ops.cluster.identity.walkers import AWAY, FRAME, REACHES, T0_NS, TOWARDS, S, Walk, pictures
from tests.patience import PATIENT_S

WALK = Walk({"west": ("W1", 0.0, 40.0), "east": ("E1", 20.0, 70.0)})
ONE = dict.fromkeys([("west", "W1"), ("east", "E1")], national_id("west", "W1"))


class Sectors:
    """The stores of two sectors, written second by second."""

    def __init__(self, folder: Path, stack: ExitStack, *, walks: Sequence[Walk] = (WALK,), seconds: int = 80) -> None:
        self.folder, self.found = folder, pictures(walks, seconds)
        self.stores = {sector: Store(folder / sector / "store.db") for sector in self.found}
        for store in self.stores.values():
            stack.callback(store.close)

    def write(self, until_s: int, *, sectors: tuple[str, ...] = ("west", "east"), **more: Any) -> None:
        for sector in sectors:
            store = self.stores[sector]
            while store.cursor < until_s:
                stamp_ns, tracks = self.found[sector][store.cursor]
                body = msgspec.json.encode(tracks)
                store.commit(store.cursor + 1, stamp_ns=stamp_ns, tracks_live=body, **more)


@pytest.fixture
def sectors(tmp_path: Path) -> Iterator[Sectors]:
    with ExitStack() as stack:
        yield Sectors(tmp_path, stack)


def identities(folder: Path) -> dict[tuple[str, str], str]:
    with NationReader(folder) as reader:
        return reader.identities()


def test_a_follower_shows_what_a_reader_of_moments_shows(sectors: Sectors):
    sectors.write(80)
    follower = PictureFollower("west", sectors.folder / "west" / "store.db")
    reader = MomentReader(sectors.folder / "west" / "store.db")
    found = list(follower.after(0))
    assert [one.stamp_ns for one in found] == [T0_NS + second * S for second in range(80)]
    for one in found:
        moment = reader.moment(one.stamp_ns)
        assert moment is not None
        assert [json.loads(each)["track"] for each in moment.parts["tracks"]] == [each.track for each in one.tracks]
    assert list(follower.after(found[-1].stamp_ns)) == []
    again = PictureFollower("west", sectors.folder / "west" / "store.db")
    assert list(again.after(found[40].stamp_ns)) == found[41:]
    assert list(follower.after(found[70].stamp_ns)) == found[71:]  # one that goes back
    for one in (follower, again, reader):
        one.close()


def test_a_follower_mixes_no_pictures_of_a_clock_that_was_set_back(tmp_path: Path):
    """The picture that it read last is one that was removed."""

    def track(name: str) -> dict[str, Any]:
        place = {"lon": 0.0, "lat": 0.0, "updated_ns": T0_NS, "ellipse_m": (1.0, 1.0), "ellipse_azimuth_deg": 0.0}
        return {"track": name, "status": "confirmed", **place}

    store, follower = Store(tmp_path / "store.db"), PictureFollower("west", tmp_path / "store.db")
    store.commit(1, stamp_ns=T0_NS + 60 * S, tracks_live=[track("ahead")])
    (ahead,) = follower.after(0)
    store.commit(2, stamp_ns=T0_NS + 50 * S, tracks_live=[track("T1")])
    assert list(follower.after(ahead.stamp_ns)) == []
    store.commit(3, stamp_ns=T0_NS + 61 * S, tracks_live=[track("T1"), track("T2")])
    (later,) = follower.after(ahead.stamp_ns)
    assert [one.track for one in later.tracks] == ["T1", "T2"]
    follower.close()
    store.close()


def test_identities_and_summaries_follow_the_sectors(sectors: Sectors):
    watch = NationWatch(sectors.folder, REACHES)
    try:
        assert watch.look() == 0  # no picture yet
        for until_s in range(5, 81, 5):
            sectors.write(until_s, sensors=[{"sensor": "R1", "state": "ok"}, {"sensor": "R2", "state": "offline"}])
            watch.look()
        assert identities(sectors.folder) == ONE
        seen_ns = T0_NS + 79 * S
        picture = national_picture(sectors.folder, ["west", "east", "south"], now_ns=seen_ns + CURRENT_NS)
        assert picture["identities"] == {"targets": 1, "joined_tracks": 1}
        assert picture["sectors"]["south"] is None
        east = picture["sectors"]["east"]
        assert (east["tracks"], east["undecided"], east["sensors"]) == (1, 0, {"offline": 1, "ok": 1})
        assert east["at"] == f"{datetime.fromtimestamp(seen_ns / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert east["current"] is True
        later = national_picture(sectors.folder, ["west", "east"], now_ns=seen_ns + CURRENT_NS + 1)["sectors"]
        assert later["east"] == {**east, "current": False}
        ahead = national_picture(sectors.folder, ["west", "east"], now_ns=seen_ns - CURRENT_NS - 1)["sectors"]
        assert ahead["east"] == {**east, "current": False}  # a dead sector whose clock was ahead would be for as long
    finally:
        watch.close()


def test_what_is_stored_and_needed_no_more_is_forgotten_and_changes_no_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Two targets that meet and part, then one after the other that crosses the edge."""
    later = [
        Walk({"west": (f"W{n}", n * 20.0, n * 20.0 + 15.0), "east": (f"E{n}", n * 20.0 + 8.0, n * 20.0 + 30.0)})
        for n in range(12, 36)
    ]
    found = []
    for name, every_s in (("always", 0.0), ("never", 1e9)):
        monkeypatch.setattr(process, "FORGET_EVERY_S", every_s)
        with ExitStack() as stack:
            sectors = Sectors(tmp_path / name, stack, walks=[AWAY, TOWARDS, *later], seconds=760)
            watch = NationWatch(sectors.folder, REACHES)
            stack.callback(watch.close)
            for until_s in range(20, 761, 20):
                sectors.write(until_s)
                while watch.look():
                    pass
            with NationReader(sectors.folder) as reader:
                found.append((reader.identities(), reader.changes()))
            held = len(watch._joining.identities), len(watch._revising._history), len(watch._revising._founded)
            if name == "never":
                assert min(held[:2]) == len(found[0][0]) >= 50
            else:
                in_memory_s = max(MEMORY_S, MEMORY_NS / S) + 40.0
                recent = 2 * in_memory_s / 20.0 + 4
                assert max(held) <= recent < len(found[0][0])
    assert found[0] == found[1]
    assert found[0][1] != []


@pytest.mark.parametrize("killed_s", [10, 25, 31, 60])
def test_killed_at_any_point_it_decides_the_same(sectors: Sectors, killed_s: int):
    sectors.write(killed_s)
    watch = NationWatch(sectors.folder, REACHES)
    watch.look()
    watch.close()
    sectors.write(80)
    watch = NationWatch(sectors.folder, REACHES)
    watch.look()
    watch.close()
    assert identities(sectors.folder) == ONE


@pytest.mark.parametrize("is_written", [False, True])
def test_a_commit_that_fails_loses_no_decision(sectors: Sectors, monkeypatch: pytest.MonkeyPatch, is_written: bool):
    """Also when it was written all the same, as when the disk fails only after that."""
    commit = NationStore.commit
    sectors.write(79)
    sectors.write(80, sectors=("west",), incident_revisions=[stored_incident("Iw", 0, "W1")])
    sectors.write(80, sectors=("east",), incident_revisions=[stored_incident("Ie", 1, "E1")])
    watch = NationWatch(sectors.folder, REACHES)
    try:
        with monkeypatch.context() as full:

            def fails(*parts: Any, **more: Any) -> None:
                if is_written:
                    commit(*parts, **more)
                raise NationError("nation.db: cannot be used (database or disk is full).")

            full.setattr(NationStore, "commit", fails)
            with pytest.raises(NationError):
                watch.look()
        assert identities(sectors.folder) == (ONE if is_written else {})
        watch.look()
        assert identities(sectors.folder) == ONE
        with NationReader(sectors.folder) as reader:
            assert [(one.incident, one.before_incident) for one in reader.continued()] == [("Ie", "Iw")]
    finally:
        watch.close()


def test_a_frozen_process_that_is_woken_writes_nothing(sectors: Sectors):
    sectors.write(5)
    frozen = NationWatch(sectors.folder, REACHES)
    other = NationWatch(sectors.folder, REACHES)
    try:
        sectors.write(80)
        with pytest.raises(NationLost):
            frozen.look()
        assert identities(sectors.folder) == {}
        other.look()
        assert identities(sectors.folder) == ONE
    finally:
        frozen.close()
        other.close()


def test_a_target_that_both_sectors_track_now_is_where_both_together_put_it(sectors: Sectors):
    watch = NationWatch(sectors.folder, REACHES)
    sectors.write(36)
    watch.look()
    watch.close()
    [shared] = national_picture(sectors.folder, ["west", "east"], now_ns=T0_NS)["shared"]
    assert shared["identity"] == national_id("west", "W1")
    assert shared["tracks"] == [{"sector": "west", "track": "W1"}, {"sector": "east", "track": "E1"}]
    east, north = FRAME.to_local(shared["lon"], shared["lat"])
    assert np.hypot(east - (-100.0 + 1.4 * 35), north) < 20.0
    assert shared["sd_m"] < 10.0


def stored_incident(identity: str, minute: float, track: str, **more: Any) -> dict[str, Any]:
    opened = datetime.fromtimestamp(T0_NS / 1e9 + 60 * minute, UTC)
    return {
        "id": identity, "name": identity, "kind": "movement", "revision": 0, "state": "open", "priority": "high",
        "opened_at": opened, "attention": True, "lead": None, "tracks": [{"track": track, "name": track}],
    } | more  # fmt: skip


def test_the_incident_in_the_next_sector_names_the_one_before_and_both_are_one_entry(sectors: Sectors):
    sectors.write(79)
    west = stored_incident("Iw", 0, "W1", state="acknowledged", attention=False)
    sectors.write(80, sectors=("west",), incident_revisions=[west])
    sectors.write(80, sectors=("east",), incident_revisions=[stored_incident("Ie", 1, "E1")])
    watch = NationWatch(sectors.folder, REACHES)
    watch.look()
    watch.close()
    [entry] = national_picture(sectors.folder, ["west", "east"], now_ns=T0_NS)["incidents"]
    assert (entry["incident"], entry["sector"], entry["attention"]) == ("Ie", "east", False)
    assert entry["before"] == [{"sector": "west", "incident": "Iw", "name": "Iw"}]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_a_person_separated_is_not_joined_again_by_the_process(
    sectors: Sectors, monkeypatch: pytest.MonkeyPatch, is_restarted: bool
):
    """Neither by one that runs on, which keeps the file, nor by one that starts; none reads every incident there ever
    was."""
    monkeypatch.setattr(NationReader, "continued", lambda _: pytest.fail("the whole table was read"))
    sectors.write(78)
    west = stored_incident("Iw", 0, "W1", state="acknowledged", attention=False)
    sectors.write(79, sectors=("west",), incident_revisions=[west])
    sectors.write(79, sectors=("east",), incident_revisions=[stored_incident("Ie", 1, "E1")])
    watch = NationWatch(sectors.folder, REACHES)
    try:
        watch.look()
        assert separate(sectors.folder, ("east", "Ie"), "Mary", T0_NS)
        if is_restarted:
            watch.close()
            watch = NationWatch(sectors.folder, REACHES)
        sectors.write(80, sectors=("west",))
        later = stored_incident("If", 1.1, "E1", revision=0)
        sectors.write(80, sectors=("east",), incident_revisions=[stored_incident("Ie", 1, "E1", revision=1), later])
        watch.look()
    finally:
        watch.close()
    entries = national_picture(sectors.folder, ["west", "east"], now_ns=T0_NS)["incidents"]
    found = {one["incident"]: (one["attention"], [each["incident"] for each in one["before"]]) for one in entries}
    assert found == {"Ie": (True, []), "If": (False, ["Iw"])}, "only a later incident of the track is joined"
    stated = [(one["incident"], one["separated_by"], one["separated_at"]) for one in entries[0]["joins"]]
    assert stated == [("Ie", "Mary", f"{datetime.fromtimestamp(T0_NS / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}")]


@pytest.mark.parametrize("killed_s", [40, 86])
def test_a_track_that_continues_with_another_target_and_its_later_incident_follow_that_one(
    tmp_path: Path, killed_s: int
):
    """Also when the process is killed before that, and about when it is noticed; what is written is the same."""
    with ExitStack() as stack:
        sectors = Sectors(tmp_path, stack, walks=[AWAY, TOWARDS], seconds=120)
        sectors.write(killed_s)
        for until_s in (killed_s, 119):
            sectors.write(until_s)
            watch = NationWatch(tmp_path, REACHES)
            while watch.look() > 1:
                pass
            watch.close()
        sectors.write(120, sectors=("east",), incident_revisions=[stored_incident("Ie", 0, "E2")])
        sectors.write(120, sectors=("west",), incident_revisions=[stored_incident("Iw", 1.9, "W1")])
        watch = NationWatch(tmp_path, REACHES)
        watch.look()
        watch.close()
        first, second = national_id("west", "W1"), national_id("east", "E2")
        assert identities(tmp_path) == {("west", "W1"): first, ("east", "E1"): first, ("east", "E2"): second}
        with NationReader(tmp_path) as reader:
            assert [(one.track, one.national) for one in reader.changes()] == [("W1", second)]
            [continued] = reader.continued()
        assert (continued.incident, continued.before_incident, continued.national) == ("Iw", "Ie", second)
        shared = national_picture(tmp_path, ["west", "east"], now_ns=T0_NS)["shared"]
        assert [(one["identity"], [each["track"] for each in one["tracks"]]) for one in shared] == [
            (second, ["E2", "W1"])
        ]


@pytest.mark.parametrize("killed_s", [70, 110])
def test_incidents_of_two_targets_that_turn_out_to_be_one_are_one_event(tmp_path: Path, killed_s: int):
    """The east puts its target 80 m north for 40 s, longer than a decision waits, and then where the west has it. Both
    incidents were opened before that; the process is killed before the two identities meet, or after. What is
    acknowledged is one entry of the list then; an alarm stays by itself."""
    far = Walk({"east": ("E1", 20.0, 60.0)}, start=(-100.0, 80.0))
    walks = [Walk({"west": ("W1", 0.0, 160.0)}), far, Walk({"east": ("E1", 63.0, 160.0)})]
    with ExitStack() as stack:
        sectors = Sectors(tmp_path, stack, walks=walks, seconds=121)
        sectors.write(50)
        sectors.write(51, sectors=("west",), incident_revisions=[stored_incident("Iw", 0.5, "W1")])
        sectors.write(51, sectors=("east",), incident_revisions=[stored_incident("Ie", 0.7, "E1")])
        found = []
        for until_s in (killed_s, 120):
            sectors.write(until_s)
            watch = NationWatch(tmp_path, REACHES)
            while watch.look():
                pass
            watch.close()
            with NationReader(tmp_path) as reader:
                found.append(reader.continued())
        entries = [national_picture(tmp_path, ["west", "east"], now_ns=T0_NS)["incidents"]]
        seen = {"state": "acknowledged", "attention": False, "revision": 1}
        sectors.write(121, sectors=("west",), incident_revisions=[stored_incident("Iw", 0.5, "W1", **seen)])
        sectors.write(121, sectors=("east",), incident_revisions=[stored_incident("Ie", 0.7, "E1", **seen)])
        entries += [national_picture(tmp_path, ["west", "east"], now_ns=T0_NS)["incidents"]]
    one_event = [Continued("east", "Ie", "west", "Iw", national_id("west", "W1"), apart=True)]
    assert found == [[] if killed_s == 70 else one_event, one_event]
    listed = [[(one["incident"], [each["incident"] for each in one["before"]]) for one in each] for each in entries]
    assert listed == [[("Iw", []), ("Ie", [])], [("Ie", ["Iw"])]]


def until(true: Callable[[], object], child: Any) -> None:
    deadline = time.monotonic() + PATIENT_S
    while not true():
        assert child.alive, child.exit_report()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_process_runs_until_it_is_stopped_and_continues_after_a_kill(sectors: Sectors):
    reaches = {name: reach.sensors for name, reach in REACHES.items()}
    child = identity_process(sectors.folder, reaches)
    try:
        child.wait_for("ready", timeout_s=PATIENT_S)
        sectors.write(15)
        until(lambda: identities(sectors.folder) == {("west", "W1"): national_id("west", "W1")}, child)
        child.kill()
        sectors.write(80)
        child.restart()
        child.wait_for("ready", timeout_s=PATIENT_S)
        until(lambda: identities(sectors.folder) == ONE, child)
        assert child.last("problem") is None
    finally:
        assert child.stop(timeout_s=PATIENT_S) == 0


def test_the_states_that_count_are_those_of_the_tracker():
    from fusion.filter.track_bank import STATUS

    assert set(KNOWN) == set(STATUS.tolist()) - {"tentative", "closed"}
