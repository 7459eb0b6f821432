"""National identities: which tracks get which, worked by hand; and the laws that hold for any pictures."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.cluster.identity.decision import IdentityDecision, national_id
from ops.cluster.identity.joining import ABSENT_S, DECISIVE, DELAY_S, LONGEST_S, MEMORY_S, Joining
from tests.ops.cluster.identity.walkers import (
    CORNER,
    REACHES,
    T0_NS,
    Pictures,
    S,
    Walk,
    by_track,
    entry,
    joined,
    pictures,
)

EAST_LATER = {"west": ("W1", 0.0, 100.0), "east": ("E1", 20.0, 200.0)}


def test_a_target_that_both_sectors_track_has_the_identity_of_the_track_that_was_first():
    decisions = joined(pictures([Walk(EAST_LATER)], 120))
    assert by_track(decisions) == dict.fromkeys([("west", "W1"), ("east", "E1")], national_id("west", "W1"))
    [joins] = [one for one in decisions if one.of is not None]
    assert (joins.of, joins.track) == (("west", "W1"), "E1")
    assert joins.log_odds >= DECISIVE
    assert joins.at_ns - T0_NS == round((20 + DELAY_S) * S)


def test_a_track_that_begins_where_the_other_ended_continues_it():
    gap = {"west": ("W1", 0.0, 60.0), "east": ("E1", 100.0, 200.0)}
    assert len(set(by_track(joined(pictures([Walk(gap)], 160))).values())) == 1


def test_another_target_founds_another_identity():
    one, other = Walk({"west": ("W1", 0.0, 200.0)}), Walk({"east": ("E1", 20.0, 200.0)}, start=(-100.0, 300.0))
    found = by_track(joined(pictures([one, other], 120)))
    assert found == {key: national_id(*key) for key in [("west", "W1"), ("east", "E1")]}


def test_one_who_walks_through_the_place_where_another_was_tracked_and_still_is_is_another():
    """E1 begins where W1 is and walks away from it in the opposite direction, while the west still tracks W1."""
    one = Walk({"west": ("W1", 0.0, 200.0)}, start=(0.0, 0.0), course=0.0)
    other = Walk({"east": ("E1", 20.0, 200.0)}, start=(0.0, 56.0), course=180.0)
    assert len(set(by_track(joined(pictures([one, other], 120))).values())) == 2


@pytest.mark.parametrize("apart", [25.0, 40.0])
def test_two_that_walk_side_by_side_are_joined_one_to_one(apart: float):
    walks = [
        Walk({"west": ("W1", 0.0, 200.0), "east": ("E1", 20.0, 200.0)}),
        Walk({"west": ("W2", 0.0, 200.0), "east": ("E2", 20.0, 200.0)}, start=(-100.0, apart)),
    ]
    found = by_track(joined(pictures(walks, 120)))
    assert found["east", "E1"] == found["west", "W1"] != found["west", "W2"] == found["east", "E2"]


def test_a_track_outside_the_overlap_area_founds_its_identity_at_once_and_keeps_it_in_the_next_sector():
    """The west's ground that the east does not reach begins at −1,000 m."""
    walk = Walk({"west": ("W1", 0.0, 120.0), "east": ("E1", 60.0, 200.0)}, start=(-1300.0, 0.0), speed=12.0)
    decisions = joined(pictures([walk], 140))
    assert (decisions[0].track, decisions[0].at_ns) == ("W1", T0_NS)
    assert by_track(decisions)["east", "E1"] == national_id("west", "W1")


def test_tentative_tracks_have_no_identity():
    joining = Joining(REACHES)
    assert joining.take("west", T0_NS, [entry("W1", -3000, 0, at_s=0, status="tentative")]) == []
    assert joining.undecided == []


def test_a_second_track_of_a_sector_does_not_take_the_identity_while_the_first_is_updated():
    walks = [Walk(EAST_LATER), Walk({"west": ("W2", 60.0, 200.0)})]
    found = by_track(joined(pictures(walks, 140)))
    assert found["west", "W2"] == national_id("west", "W2")
    walks = [Walk({"west": ("W1", 0.0, 50.0), "east": ("E1", 20.0, 200.0)}), Walk({"west": ("W2", 80.0, 200.0)})]
    found = by_track(joined(pictures(walks, 140)))
    assert found["west", "W2"] == found["east", "E1"] == national_id("west", "W1")


def test_a_sector_that_is_far_behind_is_not_waited_for():
    found = pictures([Walk(EAST_LATER)], 300)
    alone = joined({"west": [], "east": found["east"]})
    [decision] = alone
    assert (decision.track, decision.of) == ("E1", None)
    short = {"west": [], "east": found["east"][: 20 + round(ABSENT_S)]}
    assert joined(short) == []


@pytest.mark.parametrize("course", [30.0, 150.0, 270.0])
@pytest.mark.parametrize(("first", "second"), list(permutations(CORNER, 2)))
def test_near_a_corner_of_three_sectors_the_third_does_not_hide_the_track_of_the_second(
    first: str, second: str, course: float
):
    """All three sectors reach the corner, and only two of them track the target, one after the other."""
    walk = Walk({first: ("A", 0.0, 100.0), second: ("B", 30.0, 160.0)}, start=(-50.0, 50.0), course=course)
    found = by_track(joined(pictures([walk], 120, sectors=tuple(CORNER)), reaches=CORNER))
    assert found == dict.fromkeys([(first, "A"), (second, "B")], national_id(first, "A"))


def test_a_target_that_three_sectors_track_has_one_identity():
    walk = Walk({"west": ("W1", 0.0, 100.0), "south": ("S1", 15.0, 120.0), "east": ("E1", 40.0, 160.0)})
    found = by_track(joined(pictures([walk], 120, sectors=tuple(CORNER)), reaches=CORNER))
    assert set(found.values()) == {national_id("west", "W1")}
    assert len(found) == 3


TARGETS = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(0, 60), st.integers(10, 80),  # begins in west, later in east, lasts
        st.floats(-1300.0, 600.0), st.floats(-60.0, 60.0), st.sampled_from([0.0, 1.4, 9.0]),
        st.sampled_from([60.0, 90.0, 250.0]),
        st.sampled_from(["both", "west", "east"]),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def scene(targets) -> Pictures:
    walks = []
    for number, (begins, later, lasts, east, north, speed, course, seen) in enumerate(targets):
        tracks = {"west": (f"W{number}", float(begins), float(begins + lasts))}
        tracks["east"] = f"E{number}", float(begins + later), float(begins + later + lasts)
        shown = {sector: each for sector, each in tracks.items() if seen in ("both", sector)}
        walks.append(Walk(shown, start=(east, north), speed=speed, course=course))
    return pictures(walks, 150)


@settings(max_examples=15, deadline=None)
@given(targets=TARGETS, order=st.lists(st.sampled_from(["west", "east"]), max_size=150))
def test_the_decisions_do_not_depend_on_when_the_pictures_are_read(targets, order):
    """Unless one sector is further behind than is waited for."""
    found, behind = scene(targets), 0
    kept = []
    for sector in order:
        behind += 1 if sector == "west" else -1
        if abs(behind) > ABSENT_S - LONGEST_S:
            break
        kept.append(sector)
    assert sorted(joined(found, order=kept), key=repr) == sorted(joined(found), key=repr)


@settings(max_examples=15, deadline=None)
@given(targets=TARGETS, killed=st.integers(1, 299))
def test_after_a_restart_at_any_picture_the_decisions_are_the_same_and_none_is_made_twice(targets, killed):
    found = scene(targets)
    assert decided_with_a_restart(found, killed) == sorted(joined(found), key=repr)


def decided_with_a_restart(found: Pictures, killed: int) -> list[IdentityDecision]:
    """What is decided if the process is killed after so many pictures of both sectors, and starts again."""
    merged = sorted((stamp_ns, sector, tracks) for sector, each in found.items() for stamp_ns, tracks in each)
    first, before = Joining(REACHES), []
    for stamp_ns, sector, tracks in merged[:killed]:
        before += first.take(sector, stamp_ns, tracks)
    second, after = Joining(REACHES, stored={one.key: one for one in before}.get), []
    for stamp_ns, sector, tracks in merged:
        if stamp_ns >= merged[killed - 1][0] - MEMORY_S * S:
            after += second.take(sector, stamp_ns, tracks)
    return sorted([*before, *after], key=repr)


@pytest.mark.parametrize("killed_s", [28, 31, 34, 36, 60])
def test_a_track_that_waits_when_the_process_is_killed_does_not_see_what_was_decided_after_its_time(killed_s: int):
    """The west loses its target and finds it again as W2, which has the same identity once W1 is not updated any more.

    A process that started again knew of W1's decision from the beginning, and gave W2 an identity of its own.
    """
    whole = Walk({"east": ("E1", 0.0, 80.0), "west": ("W1", 20.0, 26.0)})
    found = pictures([whole, Walk({"west": ("W2", 27.0, 80.0)})], 80)
    assert set(by_track(joined(found)).values()) == {national_id("east", "E1")}
    assert decided_with_a_restart(found, 2 * killed_s) == sorted(joined(found), key=repr)


@settings(max_examples=15, deadline=None)
@given(targets=TARGETS)
def test_an_identity_is_named_after_one_of_its_tracks_which_was_the_first(targets):
    decisions = joined(scene(targets))
    identities = by_track(decisions)
    for key, national in identities.items():
        assert national in {national_id(*one) for one, other in identities.items() if other == national}, key
    for one in decisions:
        assert (one.of is None) == (one.national == national_id(one.sector, one.track))
        assert one.of is None or identities[one.of] == one.national
    every = {(sector, track.track) for sector, each in scene(targets).items() for _, now in each for track in now}
    assert identities.keys() <= every


def test_memory_does_not_grow_with_time():
    joining = Joining(REACHES)
    chance = np.random.default_rng(1)
    for second in range(0, 2_000, 4):
        track = f"W{second // 40}"
        place = chance.normal(0.0, 50.0, 2)
        joining.take("west", T0_NS + second * S, [entry(track, *place, at_s=second)])
        joining.take("east", T0_NS + second * S, [])
    assert len(joining._tracks["west"]) <= MEMORY_S / 40 + 2
    assert sum(len(one.sightings) for one in joining._tracks["west"].values()) <= MEMORY_S / 4 + 2
