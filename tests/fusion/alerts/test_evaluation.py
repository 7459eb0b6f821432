"""Alerts: one event is one alert, whatever the noise; what an operator did stands; replays name events the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from fusion.alerts import (
    Alert,
    AlertActionError,
    AlertSettings,
    AlertSettingsError,
    AlertState,
    AlertStateError,
    PictureError,
    TrackPicture,
    act,
    act_on,
    picture_of,
    raise_alerts,
    rank,
)
from fusion.alerts.alert import MOVES, PRIORITIES, STATUSES, alert_id
from fusion.alerts.messages import cleared
from fusion.situation.correlate import Correlator
from geo.border import Border
from geo.frame import LocalFrame
from geo.message import Message
from sensors.health.liveness import SensorHealth
from sensors.scan import CLASSES
from tests.drills.sizes import sized

NS = 1_000_000_000
START = datetime(2026, 3, 1, tzinfo=UTC)
START_NS = 1_772_323_200 * NS  # 2026-03-01T00:00:00Z
LOOK_S = 3
PERSON = (0.9, 0.04, 0.02, 0.03, 0.01)
ANIMAL = (0.02, 0.01, 0.01, 0.95, 0.01)


def picture(names, northing, rate_n, *, second, sd=5.0, rate_sd=0.2, easting=3000.0, rate_e=0.0, status="confirmed",
            likely=PERSON, seen_at=None):  # fmt: skip
    """Tracks beside a line along northing 0 with home in the north: offset is northing, chainage is easting."""
    n = len(names)
    full = lambda value: np.broadcast_to(np.asarray(value, np.float64), n).copy()  # noqa: E731
    easting, northing = full(easting), full(northing)
    cov = np.zeros((n, 4, 4))
    cov[:, 0, 0] = cov[:, 1, 1] = full(sd) ** 2
    cov[:, 2, 2] = cov[:, 3, 3] = full(rate_sd) ** 2
    seen = second if seen_at is None else seen_at
    return TrackPicture(
        track=tuple(names),
        status=np.broadcast_to(np.asarray(status), n).copy(),
        easting=easting,
        northing=northing,
        easting_rate=full(rate_e),
        northing_rate=full(rate_n),
        cov=cov,
        existence=full(0.94),
        class_probability=np.tile(likely, (n, 1)),
        updated_ns=np.full(n, START_NS + round(seen * NS), np.int64),
        evidence=tuple((("radar-1", 1, int(seen)), ("camera-2", 4, 7)) for _ in names),
        segment=(easting // 500).astype(np.int64),
        chainage_m=easting,
        offset_m=northing.copy(),
        home=np.tile([0.0, 1.0], (n, 1)),
    )


NOBODY = picture([], 0.0, 0.0, second=0)


def watch(pictures, state=None, settings=None):
    """Run (second, picture) pairs; returns the last state and everything published, in order."""
    state, published = state or AlertState(), []
    for second, seen in pictures:
        state, news = raise_alerts(state, seen, now_ns=START_NS + round(second * NS), settings=settings)
        published += news
    return state, published


def walk(northings, *, rate=None, name="T1", begin=0, **keywords):
    """One track, a look every LOOK_S, at these northings."""
    rates = np.gradient(np.asarray(northings, np.float64)) / LOOK_S if rate is None else np.full(len(northings), rate)
    for k, (northing, speed) in enumerate(zip(northings, rates, strict=True)):
        second = begin + k * LOOK_S
        yield second, picture([name], northing, speed, second=second, **keywords)


def raised(published, rule):
    return [alert for alert in published if alert.rule == rule and alert.revision == 0]


# ---- crossing --------------------------------------------------------------------------------------------------------


def test_a_crossing_as_messages_with_its_evidence():
    state, published = watch(walk(np.arange(-100.0, 100.0, 3.9), easting=20_620.0))
    (alert,) = raised(published, "crossing")
    assert alert.message == Message(
        "alert-crossing", {"class": "person", "track": "T1", "direction": "inbound", "segment": 41}
    )
    details = {one.id.removeprefix("alert-detail-"): one.parameters for one in alert.details}
    assert details["motion"] == {"heading": "n", "direction": "inbound", "speed_mps": 1.3}
    assert details["position"]["chainage_m"] == 20_620.0
    assert details["confidence"] == {"existence": 0.94}
    assert details["sensors"] == {"sensors": ("radar-1", "camera-2")}
    assert alert.response is None
    assert (alert.status, alert.priority, alert.direction, alert.segment) == ("active", "high", 1, 41)
    assert alert.evidence[1] == ("camera-2", 4, 7)
    assert alert.raised_at.tzinfo is UTC
    assert alert.observed_at == alert.raised_at
    assert (alert.class_label, alert.class_probability, alert.existence) == ("person", 0.9, 0.94)
    assert state.alerts[alert.id].is_open


def noisy(offset, rate, sd, rho, seed):
    """Pictures of tracks at offset (look, track) with errors of ``sd`` [m], correlated by ``rho`` from look to look."""
    rng = np.random.default_rng(seed)
    names = [f"T{i:04d}" for i in range(offset.shape[1])]
    error = rng.normal(size=len(names))
    for k in range(len(offset)):
        error = rho * error + np.sqrt(1 - rho**2) * rng.normal(size=len(names))
        rates = rate[k] + rng.normal(0, 0.2, len(names))
        second = k * LOOK_S
        yield second, picture(names, offset[k] + sd * error, rates, second=second, sd=sd)


@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_each_noisy_crossing_is_one_alert(rho):
    walkers, rng = sized(250, 1000), np.random.default_rng(11)
    side, speed = rng.choice([-1, 1], walkers), rng.uniform(0.7, 3.0, walkers)
    sd = rng.uniform(2.0, 15.0, walkers)
    second = LOOK_S * np.arange(110)[:, None]
    offset = side * (-rng.uniform(80, 150, walkers) + speed * second)
    _, published = watch(noisy(offset, np.tile(side * speed, (110, 1)), sd, rho, 12))
    crossings = raised(published, "crossing")
    per_track = Counter(alert.track for alert in crossings)
    missed, repeated = walkers - len(per_track), sum(count > 1 for count in per_track.values())
    assert (len(crossings), missed, repeated) == (walkers, 0, 0)
    assert all(alert.direction == side[int(alert.track[1:])] for alert in crossings)
    approaches = Counter(alert.track for alert in raised(published, "approaching"))
    assert max(approaches.values()) <= 2
    assert sum(approaches.values()) <= 1.01 * walkers


@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_walkers_along_the_line_at_three_sd_cross_nothing(rho):
    walkers, rng = sized(400, 1000), np.random.default_rng(13)
    sd = rng.uniform(2.0, 20.0, walkers)
    offset = np.tile(rng.choice([-1, 1], walkers) * 3.1 * sd, (40, 1))
    _, published = watch(noisy(offset, np.zeros(offset.shape), sd, rho, 14))
    assert raised(published, "crossing") == []


@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_jitter_on_the_very_line_never_chatters(rho):
    # On the line for 20 minutes; ISA-18.2 calls more than three a minute from one source chattering.
    walkers = sized(70, 200)
    sd, still = np.linspace(2.0, 20.0, walkers), np.zeros((400, walkers))
    _, published = watch(noisy(still, still, sd, rho, 15))
    per_track = Counter(alert.track for alert in raised(published, "crossing"))
    assert max(per_track.values(), default=0) <= 2
    assert len(per_track) <= 0.03 * walkers


def test_coming_back_is_another_crossing_the_other_way():
    there = np.arange(-90.0, 90.0, 4.0)
    _, published = watch(walk(np.concatenate([there, there[::-1]])))
    crossings = raised(published, "crossing")
    assert [alert.direction for alert in crossings] == [1, -1]
    assert len({alert.id for alert in crossings}) == 2
    assert crossings[1].priority == "medium"
    assert crossings[1].message.parameters["direction"] == "outbound"
    assert crossings[1].details[0].parameters["heading"] == "s"


def test_a_walker_who_turns_back_inside_the_band_has_not_crossed():
    there = np.arange(-90.0, 12.0, 4.0)  # band at sd 5: 3·√(25 + 9) = 17.5 m
    _, published = watch(walk(np.concatenate([there, there[::-1]])))
    assert raised(published, "crossing") == []


def test_the_band_grows_with_the_tracks_own_uncertainty():
    northings = np.arange(-90.0, 40.0, 4.0)
    assert len(raised(watch(walk(northings, sd=5.0))[1], "crossing")) == 1
    assert raised(watch(walk(northings, sd=20.0))[1], "crossing") == []


def test_a_track_founded_on_the_line_has_no_side_yet():
    _, published = watch(walk(np.arange(0.0, 120.0, 4.0)))
    assert raised(published, "crossing") == []
    _, published = watch(walk(np.arange(10.0, -120.0, -4.0)))
    assert raised(published, "crossing") == []


def test_a_coasting_track_crosses_only_when_it_is_seen_again():
    state, _ = watch(walk(np.arange(-100.0, -40.0, 4.0)))
    coast = [
        (60 + s, picture(["T1"], -40.0 + 1.3 * s, 1.3, second=60 + s, status="coasting", seen_at=42.0))
        for s in range(0, 90, 3)
    ]
    state, during = watch(coast, state)
    assert raised(during, "crossing") == []
    state, after = watch(walk(np.arange(80.0, 100.0, 4.0), begin=150), state)
    (alert,) = raised(after, "crossing")
    assert alert.direction == 1


def test_a_tentative_track_raises_nothing():
    assert watch(walk(np.arange(-100.0, 100.0, 4.0), status="tentative"))[1] == []


def test_no_border_no_crossing():
    bare = [(s, replace(p, segment=np.full(1, -1), offset_m=np.full(1, np.nan), home=np.full((1, 2), np.nan)))
            for s, p in walk(np.arange(-100.0, 100.0, 4.0))]  # fmt: skip
    assert watch(bare)[1] == []


def test_the_gate_is_where_it_crossed_and_the_place_is_where_it_is():
    pictures = []
    for k in range(40):
        second, e, n = k * LOOK_S, 2300.0 + 12.0 * k, -100.0 + 5.0 * k
        pictures.append((second, picture(["T1"], n, 1.67, second=second, easting=e, rate_e=4.0)))
    (alert,) = raised(watch(pictures)[1], "crossing")
    assert alert.chainage_m == pytest.approx(2300 + 12 * 20)  # at look 20 it stands on the line
    assert alert.segment == 5
    assert alert.easting > alert.chainage_m


# ---- approaching -----------------------------------------------------------------------------------------------------


def test_an_approach_takes_three_looks_and_is_cleared_by_crossing():
    _, published = watch(walk(np.arange(-200.0, 100.0, 4.0)))
    (first,) = raised(published, "approaching")
    assert first.raised_at == datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=2 * LOOK_S)
    assert first.time_to_border_s == pytest.approx(192 / (4 / 3))
    assert first.message.id == "alert-approaching"
    assert first.message.parameters["time_to_border_s"] == pytest.approx(192 / (4 / 3))
    assert first.details[1].parameters["offset_m"] == 192.0
    history = [alert for alert in published if alert.id == first.id]
    assert [alert.revision for alert in history] == list(range(len(history)))
    assert (history[-1].status, history[-1].reason, history[-1].reason_message) == ("cleared", "", cleared("crossed"))
    assert history[0].priority == "low"
    assert "medium" in {alert.priority for alert in history}  # less than urgent_s left


def test_turning_back_clears_an_approach_and_a_second_try_is_another_alert():
    there = np.arange(-250.0, -150.0, 4.0)
    tries = np.concatenate([there, there[::-1], np.full(30, -250.0), there])
    _, published = watch(walk(tries))
    approaches = raised(published, "approaching")
    assert len(approaches) == 2
    assert approaches[0].id != approaches[1].id
    assert [a.reason_message for a in published if a.status == "cleared"] == [cleared("not_approaching")]


def test_who_goes_along_the_line_for_a_minute_and_then_on_is_one_approach():
    on = np.concatenate([np.arange(-400.0, -300.0, 4.0), np.full(20, -300.0), np.arange(-300.0, -200.0, 4.0)])
    _, published = watch(walk(on))
    assert len(raised(published, "approaching")) == 1
    assert not [alert for alert in published if alert.status == "cleared"]


def test_standing_noise_is_no_approach():
    rng = np.random.default_rng(4)
    standing = [
        (LOOK_S * k, picture(["T1"], -40 + rng.normal(0, 3), rng.normal(0, 0.3), second=LOOK_S * k, rate_sd=0.3))
        for k in range(200)
    ]
    assert watch(standing)[1] == []


def test_an_approach_ends_with_its_track_or_when_nobody_sees_it_any_more():
    approach = list(walk(np.arange(-300.0, -250.0, 4.0)))
    state, published = watch(approach)
    assert len(raised(published, "approaching")) == 1
    _, ended = watch([(60, NOBODY)], state)
    assert [(a.status, a.reason_message) for a in ended] == [("cleared", cleared("track_ended"))]
    coasting = picture(["T1"], -250.0, 1.3, second=400, status="coasting", seen_at=36.0)
    _, unseen = watch([(60, replace(coasting)), (400, coasting)], state)
    assert [(a.status, a.reason_message) for a in unseen] == [("cleared", cleared("approach_lost"))]


def test_an_alert_is_revised_at_most_every_revise_s_unless_it_becomes_more_urgent():
    _, published = watch(walk(np.arange(-340.0, 0.0, 1.5), sd=3.0))
    history = [alert for alert in published if alert.rule == "approaching"]
    gaps = [(b.updated_at - a.updated_at).total_seconds() for a, b in pairwise(history)]
    rises = [PRIORITIES.index(b.priority) < PRIORITIES.index(a.priority) for a, b in pairwise(history)]
    assert all(gap >= 30 or rose for gap, rose in zip(gaps, rises, strict=True))
    assert sum(rises) == 1


def test_outward_is_less_urgent_than_toward_home_and_an_animal_least():
    out = np.arange(60.0, -100.0, -4.0)
    home = raised(watch(walk(-out))[1], "crossing")[0]
    outward = raised(watch(walk(out))[1], "crossing")[0]
    animal = raised(watch(walk(-out, likely=ANIMAL))[1], "crossing")[0]
    assert (home.priority, outward.priority, animal.priority) == ("high", "medium", "low")
    assert animal.message.parameters["class"] == "animal"
    unsure = raised(watch(walk(-out, likely=(0.3, 0.1, 0.1, 0.4, 0.1)))[1], "crossing")[0]
    assert (unsure.priority, unsure.message.parameters["class"]) == ("high", "unknown")


def test_distress_is_first_in_rank_and_no_rule_lowers_it():
    now = datetime(2026, 3, 1, tzinfo=UTC)
    distress = Alert("Adistress", "distress", "distress", "active", 0, "Help.", now, now, now, track="T1")
    state, _ = watch(walk(np.arange(-100.0, 100.0, 4.0), likely=ANIMAL), AlertState(alerts={"Adistress": distress}))
    assert state.alerts["Adistress"] == distress
    assert min(state.alerts.values(), key=rank) == distress


# ---- sensors ---------------------------------------------------------------------------------------------------------


def hear(reports, state=None):
    """(second, state) of one sensor; returns the last state and what was published."""
    state, published, since, last = state or AlertState(), [], 0, None
    for second, heard in reports:
        since = second if heard != last else since
        last = heard
        health = {"radar-1": SensorHealth("radar-1", heard, START + timedelta(seconds=since), None)}
        state, news = raise_alerts(state, NOBODY, now_ns=START_NS + second * NS, health=health)
        published += news
    return state, published


def test_a_silent_sensor_is_one_alert_cleared_after_recovery():
    _, published = hear([(0, "ok"), (5, "offline"), (20, "offline"), (40, "ok"), (60, "ok"), (71, "ok")])
    assert [(a.status, a.revision) for a in published] == [("active", 0), ("cleared", 1)]
    assert published[0].message.parameters == {"sensor": "radar-1", "since": "2026-03-01T00:00:05+00:00"}
    assert (published[0].sensor, published[0].track, published[0].priority) == ("radar-1", None, "medium")
    assert published[1].updated_at == datetime(2026, 3, 1, 0, 1, 11, tzinfo=UTC)


def test_a_flapping_sensor_is_one_alert():
    _, published = hear([(10 * k, "offline" if k % 2 else "ok") for k in range(60)])
    assert [a.revision for a in published] == [0]


def test_a_second_outage_is_another_alert_and_maintenance_is_none():
    _, published = hear([(0, "offline"), (10, "ok"), (60, "ok"), (100, "offline")])
    assert len({a.id for a in published if a.status == "active"}) == 2
    assert hear([(0, "maintenance"), (500, "maintenance")])[1] == []


# ---- operators -------------------------------------------------------------------------------------------------------

AT = datetime(2026, 3, 1, 1, tzinfo=UTC)


def an_alert(status="active"):
    alert = raised(watch(walk(np.arange(-100.0, 100.0, 4.0)))[1], "crossing")[0]
    return replace(alert, status=status)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", MOVES)
def test_only_the_moves_of_the_table_are_possible(status, action):
    before, after = MOVES[action]
    if status in before:
        acted = act(an_alert(status), action, by="operator-1", reason="seen", at=AT)
        assert (acted.status, acted.by, acted.revision, acted.updated_at) == (after, "operator-1", 1, AT)
    else:
        with pytest.raises(AlertActionError, match=f"cannot {action} it: status is {status}"):
            act(an_alert(status), action, by="operator-1", reason="seen", at=AT)


def test_actions_that_lack_something_are_refused():
    for keywords, message in (
        ({"action": "delete", "by": "o"}, "unknown action 'delete'"),
        ({"action": "clear", "by": "  "}, "no name given"),
        ({"action": "reject", "by": "o"}, "without a reason"),
        ({"action": "clear", "by": "o", "at": datetime(2026, 3, 1)}, "no UTC offset"),  # noqa: DTZ001
    ):
        with pytest.raises(AlertActionError, match=message):
            act(an_alert(), **{"at": AT, **keywords})
    with pytest.raises(AlertActionError, match="no such alert"):
        act_on(AlertState(), "A0", "clear", by="o", at=AT)


def test_times_of_actions_are_kept_in_utc():
    acted = act(an_alert(), "clear", by="o", at=AT.astimezone(timezone(timedelta(hours=-5))))
    assert acted.updated_at.tzinfo is UTC
    assert acted.updated_at == AT


def test_a_rejected_alert_is_left_alone_by_the_rules():
    approach = list(walk(np.arange(-300.0, 100.0, 4.0)))
    state, published = watch(approach[:20])
    (alert,) = raised(published, "approaching")
    state, _ = act_on(state, alert.id, "reject", by="operator-1", reason="my own patrol", at=AT)
    state, later = watch(approach[20:], state)
    assert [a.rule for a in later if a.revision == 0] == ["crossing"]
    assert state.alerts[alert.id].status == "rejected"


def test_an_acknowledged_alert_stays_acknowledged_while_it_is_updated():
    approach = list(walk(np.arange(-300.0, -100.0, 4.0)))
    state, published = watch(approach[:10])
    alert = published[0]
    state, _ = act_on(state, alert.id, "acknowledge", by="operator-1", at=AT.replace(hour=0, second=30))
    state, later = watch(approach[10:], state)
    assert later
    assert {a.status for a in later} == {"acknowledged"}
    assert {a.by for a in later} == {"operator-1"}


# ---- state -----------------------------------------------------------------------------------------------------------


def busy_night(seed=21, tracks=60, looks=120):
    rng = np.random.default_rng(seed)
    speed = rng.choice([-1, 1], tracks) * rng.uniform(0.5, 4.0, tracks)
    offset = rng.uniform(-300, 300, tracks) + speed * LOOK_S * np.arange(looks)[:, None]
    offset[looks // 2 :] = offset[looks // 2] - (offset[: looks - looks // 2] - offset[0])
    return list(noisy(offset, np.tile(speed, (looks, 1)), rng.uniform(2, 12, tracks), 0.8, seed))


def test_state_goes_through_json_exactly_and_goes_on_the_same():
    night = busy_night()
    straight, published = watch(night)
    state, first = watch(night[:61])
    restored = AlertState.from_json(state.to_json())
    assert restored == state
    assert restored.to_json() == state.to_json()
    resumed, second = watch(night[61:], restored)
    assert resumed == straight
    assert first + second == published
    assert len(published) > 50


def test_a_spoilt_state_is_refused():
    for body in (b"", b"[]", b'{"alerts": 3}', b"\xff"):
        with pytest.raises(AlertStateError, match="cannot be read"):
            AlertState.from_json(body)


def test_the_same_picture_twice_says_nothing_new():
    state = AlertState()
    for second, seen in busy_night():
        now = START_NS + second * NS
        state, _ = raise_alerts(state, seen, now_ns=now)
        again, news = raise_alerts(state, seen, now_ns=now)
        assert news == ()
        assert again == state


def test_the_order_of_tracks_in_a_picture_changes_nothing():
    rng = np.random.default_rng(6)

    def shuffled(seen):
        order = rng.permutation(len(seen.track))
        columns = {
            name: [getattr(seen, name)[i] for i in order]
            if isinstance(getattr(seen, name), tuple)
            else getattr(seen, name)[order]
            for name in seen.__slots__
        }
        return TrackPicture(**{name: tuple(c) if isinstance(c, list) else c for name, c in columns.items()})

    night = busy_night(tracks=25)
    state, published = watch(night)
    other, also = watch([(second, shuffled(seen)) for second, seen in night])
    assert state == other
    assert published == also


def test_revisions_count_up_and_no_revision_is_published_twice():
    _, published = watch(busy_night())
    for identity in {alert.id for alert in published}:
        revisions = [alert.revision for alert in published if alert.id == identity]
        assert revisions == list(range(len(revisions)))


def test_ids_depend_on_the_event_alone():
    first = raised(watch(walk(np.arange(-100.0, 100.0, 4.0)))[1], "crossing")[0]
    shifted = raised(watch(walk(np.arange(-99.0, 100.0, 3.9), easting=3600.0))[1], "crossing")[0]
    assert first.id == shifted.id == alert_id("crossing", "T1", 1, 1)
    assert len({alert_id(r, t, d, o) for r in ("a", "b") for t in ("x", "y") for d in (1, -1) for o in (1, 2)}) == 16


def test_closed_alerts_are_forgotten_after_a_while_and_stale_ones_cleared():
    settings_ = AlertSettings(keep_s=100.0, stale_s=500.0)
    state, published = watch(walk(np.arange(-100.0, 100.0, 4.0)), settings=settings_)
    crossing = raised(published, "crossing")[0]
    state, news = watch([(700, NOBODY)], state, settings_)
    assert [(a.id, a.by, a.reason_message) for a in news] == [(crossing.id, "", cleared("no_action"))]
    state, news = watch([(801, NOBODY)], state, settings_)
    assert news == []
    assert state == AlertState(begun_ns=state.begun_ns, ended=state.ended)
    assert all(at.at_ns >= START_NS + 600 * NS for at in state.ended)


def test_a_crossing_that_an_operator_acknowledged_is_not_cleared_for_want_of_action():
    settings_ = AlertSettings(keep_s=100.0, stale_s=500.0)
    state, published = watch(walk(np.arange(-100.0, 100.0, 4.0)), settings=settings_)
    crossing = raised(published, "crossing")[0]
    state, _ = act_on(state, crossing.id, "acknowledge", by="op", at=START + timedelta(seconds=150))
    state, news = watch([(700, NOBODY), (5000, NOBODY)], state, settings_)
    assert news == []
    assert state.alerts[crossing.id].status == "acknowledged"
    state, _ = act_on(state, crossing.id, "withdraw", by="op", at=START + timedelta(seconds=5001))
    _, (over,) = watch([(5002, NOBODY)], state, settings_)
    assert over.reason_message == cleared("no_action")


# ---- workload --------------------------------------------------------------------------------------------------------


def test_innocent_traffic_is_an_acceptable_workload():
    # EEMUA 191: at most one alert per 10 minutes for one operator. 30 people at work on the home side for 4 hours, each
    # wandering with a spread of 120 m about a place 250 to 2000 m from the line (OU process, 10 minutes' memory).
    rng = np.random.default_rng(31)
    people, step_s, looks = 30, 10, 1440
    base, offset = rng.uniform(250, 2000, people), np.empty((looks, people))
    wander, keep = rng.normal(0, 120, people), np.exp(-step_s / 600)
    for k in range(looks):
        wander = keep * wander + 120 * np.sqrt(1 - keep**2) * rng.normal(size=people)
        offset[k] = base + wander
    smooth = np.apply_along_axis(
        lambda x: np.convolve(np.pad(x, 15, mode="edge"), np.ones(31) / 31, "valid"), 0, offset
    )
    rate = np.gradient(smooth, axis=0) / step_s
    names = [f"T{i:02d}" for i in range(people)]
    night = [
        (step_s * k, picture(names, smooth[k] + rng.normal(0, 4, people), rate[k], second=step_s * k, sd=4.0))
        for k in range(looks)
    ]
    _, published = watch(night)
    new = [alert for alert in published if alert.revision == 0]
    assert len(new) <= 4 * 6
    assert not [alert for alert in new if alert.rule == "crossing"]


# ---- the door --------------------------------------------------------------------------------------------------------


def test_pictures_that_do_not_fit_are_refused():
    seen = picture(["T1", "T2"], 10.0, 0.0, second=0)
    with pytest.raises(PictureError, match="cov: has shape"):
        replace(seen, cov=np.zeros((2, 2, 2)))
    with pytest.raises(PictureError, match="occurs twice"):
        replace(seen, track=("T1", "T1"))
    with pytest.raises(PictureError, match="northing: of track T2 is not finite"):
        replace(seen, northing=np.array([0.0, np.nan]))


def test_settings_must_be_positive():
    with pytest.raises(AlertSettingsError, match="revise_s"):
        AlertSettings(revise_s=0.0)


def test_picture_of_the_trackers_dataset():
    frame = LocalFrame.around(-84.25, 36.59)
    correlator = Correlator(Border(frame, LineString([(-5000, 0), (5000, 0)]), 500.0, "left"))
    tracks = xr.Dataset(
        {
            "track": ("estimate", np.array(["Ta", "Tb", "Tc"])),
            "status": ("estimate", np.array(["confirmed", "closed", "coasting"])),
            "easting": ("estimate", np.array([0.0, 1.0, -1000.0])),
            "northing": ("estimate", np.array([30.0, 1.0, -40.0])),
            "easting_rate": ("estimate", np.zeros(3)),
            "northing_rate": ("estimate", np.ones(3)),
            "cov": (("estimate", "state", "state_"), np.tile(np.eye(4), (3, 1, 1))),
            "existence": ("estimate", np.full(3, 0.9)),
            "class_probability": (("estimate", "class"), np.full((3, len(CLASSES)), 0.2)),
            "updated_at": ("estimate", np.array(["2026-03-01"] * 3, "datetime64[ns]")),
        },
        coords={"class": list(CLASSES)},
    )
    seen = picture_of(tracks, correlator, {"Ta": (("radar-1", 1, 2),)})
    assert seen.track == ("Ta", "Tc")
    assert seen.offset_m.tolist() == [30.0, -40.0]
    assert seen.segment.tolist() == [10, 8]
    np.testing.assert_allclose(seen.home, [[0, 1], [0, 1]], atol=1e-12)
    assert seen.evidence == ((("radar-1", 1, 2),), ())
    assert int(seen.updated_ns[0]) == START_NS
    with pytest.raises(PictureError, match="'updated_at'"):
        picture_of(tracks.drop_vars("updated_at"), correlator)


def test_an_alert_as_plain_values_for_the_wire():
    plain = an_alert().to_dict()
    assert plain["raised_at"].endswith("Z")
    assert plain["evidence"][0][0] == "radar-1"
    assert plain["time_to_border_s"] is None
