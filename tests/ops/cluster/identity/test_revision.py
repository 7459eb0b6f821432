"""Tracks that continue with another target: which target each follows then, worked by hand; and the laws of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.cluster.identity.combination import UPDATED_S, together
from ops.cluster.identity.decision import IdentityChange, IdentityDecision, Key, national_id
from ops.cluster.identity.joining import ABSENT_S, LONGEST_S, MEMORY_S, Joining
from ops.cluster.identity.revision import APART_S, LOOK_BACK_S, TOGETHER_FOR_S, Revising, reached
from ops.cluster.identity.sighting import KNOWN, SensorReach, sighting_of
from tests.ops.cluster.identity.walkers import (
    AWAY,
    CORNER,
    REACHES,
    T0_NS,
    TOWARDS,
    Pictures,
    S,
    Walk,
    by_track,
    pictures,
)

Known = Mapping[Key, Sequence[tuple[int, str]]]


class Stored:
    """What is stored of identities, without a file."""

    def __init__(self, decisions: Sequence[IdentityDecision], changes: Sequence[IdentityChange]) -> None:
        self._decisions, self._changes = {one.key: one for one in decisions}, list(changes)

    def decision_of(self, key: Key) -> IdentityDecision | None:
        return self._decisions.get(key)

    def history_of(self, key: Key) -> list[tuple[int, str]]:
        decided = [(one.at_ns, one.national) for one in self._decisions.values() if one.key == key]
        return decided + [(one.at_ns, one.national) for one in self._changes if (one.sector, one.track) == key]

    def founded_ns(self, national: str) -> int | None:
        every = [*self._decisions.values(), *self._changes]
        return min((one.at_ns for one in every if one.national == national), default=None)

    def met(self, ended: str) -> str | None:
        return next((one.national for one in self._changes if one.ended == ended), None)


class Chain:
    """Joining and revising, one after the other, as the identity process has them."""

    def __init__(
        self, before: Chain | None = None, read: Mapping[str, int] | None = None,
        reaches: Mapping[str, SensorReach] = REACHES,
    ) -> None:  # fmt: skip
        """``before``: the one that was killed when it had read that far, and of which everything is stored."""
        stored = None if before is None else Stored(before.decisions, before.changes)
        self.joining = Joining(reaches) if stored is None else Joining(reaches, stored=stored.decision_of)
        self.revising = Revising(reaches, read=read, stored=stored)
        self.decisions: list[IdentityDecision] = []
        self.changes: list[IdentityChange] = []

    def take(self, sector: str, stamp_ns: int, tracks: list) -> None:
        decisions = self.joining.take(sector, stamp_ns, tracks)
        self.decisions += decisions
        self.changes += self.revising.take(sector, stamp_ns, tracks, decisions)


def taken(found: Pictures, *, order: Sequence[str] = (), reaches: Mapping[str, SensorReach] = REACHES) -> Chain:
    """What is decided of these pictures. ``order``: which sector's next picture comes next; the rest by time."""
    chain, left = Chain(reaches=reaches), {sector: list(each) for sector, each in found.items()}
    rest = sorted((stamp_ns, sector) for sector, each in found.items() for stamp_ns, _ in each)
    for sector in [*order, *(sector for _, sector in rest)]:
        if left[sector]:
            chain.take(sector, *left[sector].pop(0))
    return chain


def test_a_track_that_continues_with_another_target_has_that_one_s_identity_and_the_other_keeps_its_own():
    chain = taken(pictures([AWAY, TOWARDS], 160))
    first, second = national_id("west", "W1"), national_id("east", "E2")
    assert by_track(chain.decisions) == {("west", "W1"): first, ("east", "E1"): first, ("east", "E2"): second}
    [change] = chain.changes
    assert (change.sector, change.track, change.national) == ("west", "W1", second)
    assert 78.0 + APART_S <= (change.at_ns - T0_NS) / S <= 78.0 + APART_S + 10.0
    assert chain.revising.identity_now(("east", "E1")) == first
    assert chain.revising.identity_of(("west", "W1"), change.at_ns - 1) == first
    assert chain.revising.identity_of(("west", "W1"), change.at_ns) == second
    assert chain.revising.identity_of(("west", "W1"), 0) == first  # asked about a time before it was decided
    assert chain.revising.identity_of(("west", "W9"), change.at_ns) is None


def test_a_track_whose_identity_is_of_one_that_follows_another_target_followed_that_one_from_its_beginning():
    """E5 was decided at 125 s to be of the target of W1, which was decided as Na and follows Nb since 100 s."""
    known = {("west", "W1"): [(5 * S, "Na"), (100 * S, "Nb")], ("east", "E5"): [(125 * S, "Na"), (125 * S, "Nb")]}
    revising = Revising(REACHES, known)
    assert [revising.identity_of(("east", "E5"), at_s * S) for at_s in (112, 125, 130)] == ["Nb", "Nb", "Nb"]
    assert [revising.identity_of(("west", "W1"), at_s * S) for at_s in (0, 99, 112)] == ["Na", "Na", "Nb"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_that_part_elsewhere_on_the_edge_at_the_same_time_are_decided_by_themselves(seed: int):
    """At one place the west's track continues with another target, 450 m to the north the east's."""
    north = [
        Walk({"east": ("E8", 0.0, 60.0), "west": ("W8", 20.0, 160.0)}, start=(100.0, 450.0), course=270.0),
        Walk({"east": ("E8", 78.0, 160.0), "west": ("W9", 0.0, 160.0)}, start=(-120.0, 490.0)),
    ]
    chain = taken(pictures([AWAY, TOWARDS, *north], 160, seed=seed))
    assert {(one.sector, one.track, one.national) for one in chain.changes} == {
        ("west", "W1", national_id("east", "E2")),
        ("east", "E8", national_id("west", "W9")),
    }


@pytest.mark.parametrize("seed", [6, 7, 8])
def test_near_a_corner_of_three_sectors_it_leaves_once_though_it_has_parted_from_two_tracks(seed: int):
    """E1 and S1 follow the first target, E2 the second; the west's track continues with that one."""
    third = Walk({"south": ("S1", 30.0, 160.0)})
    chain = taken(pictures([AWAY, TOWARDS, third], 160, seed=seed, sectors=tuple(CORNER)), reaches=CORNER)
    assert [(one.sector, one.track, one.national) for one in chain.changes] == [
        ("west", "W1", national_id("east", "E2"))
    ]
    assert chain.revising.identity_now(("south", "S1")) == national_id("west", "W1")


def test_without_a_track_of_the_other_target_it_founds_an_identity():
    alone = Walk({"west": TOWARDS.tracks["west"]}, start=TOWARDS.start, course=270.0)
    [change] = taken(pictures([AWAY, alone], 160)).changes
    assert (change.sector, change.track) == ("west", "W1")
    assert change.national not in {national_id("west", "W1"), national_id("east", "E1")}


def test_two_tracks_that_a_sector_exchanges_get_their_identities_back():
    """At 80 s both targets are at one place, and the west's tracker, blind for 12 s, confuses them."""
    one, other = {"start": (-56.0, 0.0)}, {"start": (56.0, 0.0), "course": 270.0}
    walks = [
        Walk({"west": ("W1", 0.0, 39.0), "east": ("E1", 3.0, 160.0)}, **one),
        Walk({"west": ("W2", 51.0, 160.0)}, **one),
        Walk({"west": ("W2", 0.0, 39.0), "east": ("E2", 3.0, 160.0)}, **other),
        Walk({"west": ("W1", 51.0, 160.0)}, **other),
    ]
    chain = taken(pictures(walks, 160))
    now = {key: chain.revising.identity_now(key) for key in by_track(chain.decisions)}
    assert now["west", "W2"] == now["east", "E1"] == national_id("west", "W1")
    assert now["west", "W1"] == now["east", "E2"] == national_id("west", "W2")
    assert {(one.sector, one.track) for one in chain.changes} == {("west", "W1"), ("west", "W2")}
    assert [one.ended for one in chain.changes] == [None, None], "no target turned out to be another"


def test_two_identities_of_one_target_become_the_one_that_was_founded_first():
    """The east puts its target 80 m north for 40 s, longer than a decision waits, and then where the west has it."""
    far = Walk({"east": ("E1", 20.0, 60.0)}, start=(-100.0, 80.0))
    walks = [Walk({"west": ("W1", 0.0, 160.0)}), far, Walk({"east": ("E1", 63.0, 160.0)})]
    chain = taken(pictures(walks, 160))
    assert by_track(chain.decisions)["east", "E1"] == national_id("east", "E1")
    [change] = chain.changes
    assert change.national == national_id("west", "W1")
    assert (change.sector, change.track) == ("east", "E1")
    assert (change.at_ns - T0_NS) / S >= 63.0 + TOGETHER_FOR_S
    assert change.ended == national_id("east", "E1")
    before_ns = T0_NS + 30 * S
    assert chain.revising.identity_of(("east", "E1"), before_ns) == national_id("east", "E1"), "as it was decided"
    assert chain.revising.target_of(("east", "E1"), before_ns) == national_id("west", "W1"), "as it is known now"


def test_an_identity_ends_with_the_last_track_that_has_it():
    """The same with a third sector, which has the east's identity and is right some seconds later."""
    far = Walk({"east": ("E1", 20.0, 60.0), "south": ("S1", 24.0, 60.0)}, start=(-100.0, 80.0))
    right = [
        Walk({"west": ("W1", 0.0, 160.0)}),
        Walk({"east": ("E1", 63.0, 160.0)}),
        Walk({"south": ("S1", 66.0, 160.0)}),
    ]
    chain = taken(pictures([*right, far], 160, sectors=tuple(CORNER)), reaches=CORNER)
    first, second = national_id("west", "W1"), national_id("east", "E1")
    assert set(by_track(chain.decisions).values()) == {first, second}
    assert [one.national for one in chain.changes] == [first, first]
    assert [one.ended for one in chain.changes] == [None, second]
    assert {chain.revising.target_of((name, track), T0_NS) for name, track in by_track(chain.decisions)} == {first}


def test_another_track_of_the_sector_that_has_the_identity_keeps_it():
    """Two walk side by side, 25 m apart; the west sees only one of them."""
    walks = [
        Walk({"west": ("W1", 0.0, 160.0), "east": ("E1", 10.0, 160.0)}),
        Walk({"east": ("E2", 10.0, 160.0)}, start=(-100.0, 25.0)),
    ]
    chain = taken(pictures(walks, 160))
    assert chain.changes == []
    assert len(set(by_track(chain.decisions).values())) == 2


@pytest.mark.parametrize("course", [0.0, 90.0, 200.0])
@pytest.mark.parametrize("seed", range(4))
def test_one_who_walks_along_the_edge_or_across_it_keeps_one_identity_without_a_change(seed: int, course: float):
    """Also where each sector loses and finds it again and again, with a new track each time."""
    west = [
        Walk({"west": (f"W{n}", 50.0 * n, 50.0 * n + 35.0)}, start=(-150.0, -100.0), course=course) for n in range(6)
    ]
    both = Walk({"east": ("E1", 10.0, 300.0)}, start=(-150.0, -100.0), course=course)
    chain = taken(pictures([*west, both], 300, seed=seed))
    assert chain.changes == []
    assert set(by_track(chain.decisions).values()) == {national_id("west", "W0")}


def test_a_track_that_no_sensor_updates_does_not_say_where_its_identity_is():
    found = pictures([Walk({"west": ("W1", 0.0, 10.0), "east": ("E1", 0.0, 80.0)}, speed=0.0)], 60)
    [(_, [old]), (_, [new])] = found["west"][10], found["east"][40]
    far = sighting_of(old, T0_NS)
    near = sighting_of(new, T0_NS)
    assert (near.time_ns - far.time_ns) / S > UPDATED_S
    assert together([far, near]) == [1]


def test_what_is_reached_is_what_all_sectors_have_reached_that_are_not_absent():
    assert reached({}) == 0
    assert reached({"west": 100 * S, "east": 90 * S}) == 90 * S
    assert reached({"west": 1000 * S, "east": round(1000 - ABSENT_S) * S}) == round(1000 - ABSENT_S) * S
    assert reached({"west": 1000 * S, "east": round(999 - ABSENT_S) * S}) == 1000 * S


TARGETS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 3),  # the tracks' numbers in west and in east
        st.integers(0, 60), st.integers(20, 90),  # begins, lasts
        st.floats(-200.0, 200.0), st.floats(-60.0, 60.0), st.sampled_from([0.0, 1.4, 9.0]),
        st.sampled_from([60.0, 90.0, 250.0]),
    ),
    min_size=1, max_size=5,
)  # fmt: skip
"""Tracks with one number in a sector go from target to target: a picture has the newest only."""


def scene(targets) -> Pictures:
    walks = [
        Walk(
            {"west": (f"W{west}", float(begins), float(begins + lasts)),
             "east": (f"E{east}", float(begins + 3), float(begins + lasts))},
            start=(x, y), speed=speed, course=course,
        )
        for west, east, begins, lasts, x, y, speed, course in targets
    ]  # fmt: skip
    return {
        sector: [(stamp_ns, list({one.track: one for one in tracks}.values())) for stamp_ns, tracks in each]
        for sector, each in pictures(walks, 150).items()
    }


@settings(max_examples=30, deadline=None)
@given(targets=TARGETS, order=st.lists(st.sampled_from(["west", "east"]), max_size=150))
def test_the_changes_do_not_depend_on_when_the_pictures_are_read(targets, order):
    """Unless one sector is further behind than is waited for."""
    found, behind, kept = scene(targets), 0, []
    for sector in order:
        behind += 1 if sector == "west" else -1
        if abs(behind) > ABSENT_S - LONGEST_S:
            break
        kept.append(sector)
    assert sorted(taken(found, order=kept).changes, key=repr) == sorted(taken(found).changes, key=repr)


@settings(max_examples=30, deadline=None)
@given(targets=TARGETS, killed=st.integers(1, 299))
def test_after_a_restart_at_any_picture_the_changes_are_the_same_and_none_is_made_twice(targets, killed):
    found = scene(targets)
    assert changed_after_a_restart(found, killed) == sorted(taken(found).changes, key=repr)


def changed_after_a_restart(
    found: Pictures, killed: int, reaches: Mapping[str, SensorReach] = REACHES
) -> list[IdentityChange]:
    """The changes if the process is killed after so many pictures of all sectors, and starts again."""
    merged = sorted((stamp_ns, sector, tracks) for sector, each in found.items() for stamp_ns, tracks in each)
    first, stamps = Chain(reaches=reaches), {}
    for stamp_ns, sector, tracks in merged[:killed]:
        first.take(sector, stamp_ns, tracks)
        stamps[sector] = stamp_ns
    second = Chain(first, stamps, reaches)
    for stamp_ns, sector, tracks in merged:
        if stamp_ns >= merged[killed - 1][0] - MEMORY_S * S:
            second.take(sector, stamp_ns, tracks)
    return sorted([*first.changes, *second.changes], key=repr)


def test_what_a_sector_shows_that_was_not_read_before_a_restart_is_examined_from_its_beginning():
    """The process was killed when it had read the west up to 110 s, and nothing of the east."""
    found, first = pictures([AWAY, TOWARDS], 160), Chain()
    west = found["west"][:110]
    for stamp_ns, tracks in west:
        first.take("west", stamp_ns, tracks)
    second = Chain(first, {"west": west[-1][0]})
    for stamp_ns, sector, tracks in sorted((at, name, now) for name, each in found.items() for at, now in each):
        second.take(sector, stamp_ns, tracks)
    assert first.changes == []
    assert second.changes == taken(found).changes != []


def corner_scene(seed: int) -> Pictures:
    """Two to four targets at a corner, each in about three of four sectors; two of them may have one track there."""
    chance, walks = np.random.default_rng(seed), []
    for number in range(chance.integers(2, 5)):
        tracks, begins = {}, chance.integers(0, 40)
        for sector in CORNER:
            if chance.random() < 0.75:
                first_s = float(begins + chance.integers(0, 30))
                name = f"{sector}{number // 2 if chance.random() < 0.5 else number}"
                tracks[sector] = name, first_s, first_s + chance.integers(8, 60)
        if tracks:
            start = chance.uniform(-60, 60), chance.uniform(-60, 60)
            speed = (0.0, 1.4, 9.0)[chance.integers(3)]
            walks.append(Walk(tracks, start=start, speed=speed, course=chance.uniform(0, 360)))
    return {
        sector: [(stamp_ns, list({one.track: one for one in tracks}.values())) for stamp_ns, tracks in each]
        for sector, each in pictures(walks, 120, seed=seed, sectors=tuple(CORNER)).items()
    }


@pytest.mark.parametrize(("seed", "killed"), [(381, 218), (586, 162)])
def test_a_decision_that_waited_for_that_of_an_older_track_does_not_hold_before_it_after_a_restart(
    seed: int, killed: int
):
    found = corner_scene(seed)
    assert changed_after_a_restart(found, killed, CORNER) == sorted(taken(found, reaches=CORNER).changes, key=repr)


def test_a_track_that_has_changed_is_compared_with_a_third_sector_from_then_on_also_after_a_restart():
    """East and south put the target 80 m away on either side, and then where the west had it, which loses it."""
    walks = [
        Walk({"west": ("W1", 0.0, 72.0)}),
        Walk({"east": ("E1", 20.0, 60.0)}, start=(-100.0, 80.0)),
        Walk({"south": ("S1", 20.0, 69.0)}, start=(-100.0, -80.0)),
        Walk({"east": ("E1", 63.0, 160.0)}),
        Walk({"south": ("S1", 72.0, 160.0)}),
    ]
    found = pictures(walks, 160, sectors=tuple(CORNER))
    changes = taken(found, reaches=CORNER).changes
    assert [(one.track, one.national) for one in changes] == [
        (name, national_id("west", "W1")) for name in ("E1", "S1")
    ]
    changed_s = (changes[0].at_ns - T0_NS) // S
    assert changed_after_a_restart(found, 3 * (changed_s + 1), CORNER) == sorted(changes, key=repr)


@settings(max_examples=30, deadline=None)
@given(targets=TARGETS)
def test_no_decision_is_changed_and_a_track_changes_to_another_identity_only_after_it(targets):
    chain = taken(scene(targets))
    decided = {(one.sector, one.track): one for one in chain.decisions}
    before = {key: one.national for key, one in decided.items()}
    assert by_track(chain.decisions) == before
    for change in chain.changes:
        key = change.sector, change.track
        assert change.at_ns >= decided[key].at_ns
        assert change.national != before[key]
        before[key] = change.national
    assert before == {key: chain.revising.identity_now(key) for key in decided}


def test_memory_does_not_grow_with_time():
    chance, revising = np.random.default_rng(1), Revising(REACHES)
    found = pictures([Walk({"west": ("W1", 0.0, 2000.0)}, speed=0.0), AWAY, TOWARDS], 600, seed=int(chance.integers(9)))
    for (stamp_ns, west), (_, east) in zip(found["west"], found["east"], strict=True):
        revising.take("west", stamp_ns, west, ())
        revising.take("east", stamp_ns, east, ())
    assert set(revising._tracks) == {("west", "W1")}
    assert len(revising._tracks["west", "W1"].sightings) <= (LOOK_BACK_S + 2.0 * UPDATED_S) / 3.0 + 1
    assert all(one.status in KNOWN for one in found["west"][-1][1])
