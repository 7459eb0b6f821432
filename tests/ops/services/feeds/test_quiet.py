"""Rules of units: who is on duty, what is left out or summed up, and that distress and assignments pass them all."""

from __future__ import annotations

import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.sector.setting_tables.feeds import UnitFeedSettings
from ops.services.feeds.dispatch import Dispatcher
from ops.services.feeds.feed import RANKS, FeedReceiver, OutboxDelivery
from ops.services.feeds.ledger import FILE, DeliveryLedger
from ops.services.feeds.mqtt import MqttFeed, receiver_of
from ops.services.feeds.quiet import UnitRules
from ops.store.connections import StoreError
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.services.feeds.test_dispatch import RAISED, Unmarked, alert

NOON_NS = 1_772_366_400 * 10**9  # 2026-03-01 12:00 UTC
MINUTE_NS = 60 * 10**9


def incident(number: int, alerts: list[str], revision: int = 0, **more: Any) -> dict[str, Any]:
    named = {"id": f"I{number}", "revision": revision, "state": "open", "priority": "high", "opened_at": RAISED}
    described = {"updated_at": RAISED, "name": f"Bravo {number}", "kind": "movement", "sentence": "s", "unit": ""}
    return named | described | {"lead": alerts[0], "alerts": alerts, "section": "North"} | more


class Server:
    """A feed of incidents to one receiver that is no unit, and what it was sent."""

    name, problem = "tak", None
    receivers = (FeedReceiver("server", kinds=("incident",)),)

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        self.sent.append((delivery.row.alert, delivery.row.revision))
        answer = Future[None]()
        answer.set_result(None)
        return answer

    def close(self) -> None: ...


class Night:
    """A store, a dispatcher with one unit ``u1`` and a server, and what these heard. ``before``: incidents that fusion
    wrote before the dispatcher began."""

    def __init__(
        self, folder: Path, unit: UnitFeedSettings, at_ns: int = NOON_NS, before: list[dict[str, Any]] | None = None
    ) -> None:
        self.store, self.now_ns, self.row = Store(folder / "s.db"), at_ns, 1
        self.unit, self.heard, self.notices, self.server = unit, [], [], Server()  # type: ignore[var-annotated]
        self.store.commit(self.row, stamp_ns=1, incident_revisions=before or [])
        self.start()

    def start(self) -> None:
        ledger, reader = DeliveryLedger(self.store.path.with_name(FILE)), Reader(self.store.path)
        self.dispatcher = Dispatcher(
            reader,
            ledger,
            [MqttFeed("x", [receiver_of("u1", self.unit)], self), self.server],
            now_ns=lambda: self.now_ns,
            monotonic_s=lambda: self.now_ns / 1e9,
            release=Unmarked(),
            rules=UnitRules(lambda _: self.unit, ZoneInfo("America/New_York"), reader, ledger),
        )

    def __call__(self, topic: str, payload: bytes, *, content_type: str, signed: bool = True) -> Future[None]:
        body, answer = json.loads(payload), Future[None]()
        answer.set_result(None)
        if body.get("kind") in ("digest", "gap_filled"):
            self.notices.append(body)
        else:
            self.heard.append((body["id"], body["revision"]))
        return answer

    def commit(self, *alerts: dict[str, Any], incidents: list[dict[str, Any]] = [], **more: Any) -> None:  # noqa: B006
        self.row += 1
        self.store.commit(self.row, stamp_ns=1, alerts=alerts, incident_revisions=incidents, **more)
        self.pump()

    def pump(self) -> None:
        for _ in range(3):
            self.dispatcher.pump()

    def duty(self, duty: str) -> None:
        self.now_ns += 2 * 10**9
        self.commit(forces={"units": [{"unit": "u1", "duty": duty}]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_what_fusion_wrote_before_the_first_start_reaches_every_feed_once(folder: Path) -> None:
    before = [incident(1, ["A1"]), incident(2, ["A2"]), incident(2, ["A2"], 1, state="closed")]
    night = Night(folder, UnitFeedSettings(), before=before)
    night.commit(incidents=[incident(3, ["A3"])])
    night.start()
    night.pump()
    assert night.server.sent == night.heard == [("I3", 0), ("I1", 0)], "newest first; I2 is over"


def test_a_unit_off_duty_gets_distress_and_assignments_only_and_what_is_open_when_it_comes_on_duty(
    folder: Path,
) -> None:
    night = Night(folder, UnitFeedSettings(incidents=True))
    night.duty("off_duty")
    night.commit(alert(1), alert(2), incidents=[incident(1, ["A1"])])
    assert night.heard == []
    night.commit(alert(3, priority="distress"))
    night.commit(alert(4), incidents=[incident(2, ["A4"], unit="u1", state="assigned")])
    assert night.heard == [("A3", 0), ("A4", 0), ("I2", 0)]
    night.commit(alert(2, 1) | {"status": "cleared"})
    night.duty("patrol")
    assert night.heard[3:] == [("I1", 0), ("A1", 0)], "the newest first; A2 is over"
    night.duty("patrol")
    night.start()
    night.pump()
    assert len(night.heard) == 5, "only once"


def test_a_unit_that_came_on_duty_or_is_new_while_the_process_was_down_gets_what_is_open(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings(incidents=False))
    night.duty("off_duty")
    night.commit(alert(1), alert(2) | {"status": "cleared"})
    night.row += 1
    night.store.commit(
        night.row, stamp_ns=1, alerts=[alert(1, 1)], forces={"units": [{"unit": "u1", "duty": "patrol"}]}
    )
    night.start()
    night.pump()
    assert night.heard == [("A1", 1)]
    night.start()
    night.pump()
    assert night.heard == [("A1", 1)]


def test_least_priority_and_sections(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings(incidents=False, least_priority="medium", sections=("South",)))
    night.commit(alert(1, priority="low"), alert(2, priority="medium"))
    night.commit(alert(3), alert(4), incidents=[incident(1, ["A3"]), incident(2, ["A4"], section="South")])
    night.commit(alert(5, priority="distress"), incidents=[incident(3, ["A5"])])
    assert night.heard == [("A2", 0), ("A4", 0), ("A5", 0)]


def test_a_unit_learns_that_what_it_has_is_less_urgent_unless_it_is_off_duty(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings(incidents=True, least_priority="medium"))
    night.commit(alert(1), alert(2, priority="low"), incidents=[incident(1, ["A1"])])
    night.commit(alert(1, 1, "low"), incidents=[incident(1, ["A1"], 1, priority="low")])
    assert night.heard == [("A1", 0), ("I1", 0), ("A1", 1), ("I1", 1)]
    night.duty("off_duty")
    night.commit(alert(1, 2, "low"))
    assert night.heard[4:] == []


@pytest.mark.parametrize(("into", "merged"), [(1, 2), (2, 1)])
def test_alerts_of_an_incident_that_is_merged_into_that_of_a_unit_pass_its_rules(
    folder: Path, into: int, merged: int
) -> None:
    """Fusion writes the two incidents in the order of their ids."""
    night = Night(folder, UnitFeedSettings(incidents=True))
    own = {"unit": "u1", "state": "assigned"}
    night.commit(alert(into), alert(merged), incidents=[incident(into, [f"A{into}"], **own)])
    night.commit(incidents=[incident(merged, [f"A{merged}"])])
    night.duty("off_duty")
    both = [incident(into, [f"A{into}", f"A{merged}"], 1, **own), incident(merged, [f"A{merged}"], 1, state="closed")]
    night.commit(incidents=sorted(both, key=lambda one: str(one["id"])))
    night.commit(alert(merged, 1))
    assert (f"A{merged}", 1) in night.heard


def test_one_event_is_one_alert_until_it_is_more_urgent_also_after_a_restart(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings(incidents=False, one_per_incident=True))
    night.commit(alert(1, priority="medium"), alert(2, priority="medium"), incidents=[incident(1, ["A1", "A2"])])
    night.start()
    night.commit(alert(3, priority="low"), incidents=[incident(1, ["A1", "A2", "A3"], 1)])
    night.commit(alert(1, 1, "medium"))  # a later revision of what it has
    night.commit(alert(4, priority="high"), incidents=[incident(1, ["A1", "A2", "A3", "A4"], 2)])
    assert night.heard == [("A1", 0), ("A1", 1), ("A4", 0)]


def test_quiet_hours_hold_what_may_wait_and_end_with_a_digest_also_after_a_restart(folder: Path) -> None:
    two_at_night_ns = NOON_NS + 19 * 60 * MINUTE_NS  # 07:00 UTC, 02:00 in New York
    unit = UnitFeedSettings(incidents=False, quiet_hours=("22:00-06:00",))
    night = Night(folder, unit, two_at_night_ns)
    night.commit(alert(1, priority="medium"), alert(2, priority="low"), alert(3), alert(4, priority="distress"))
    assert night.heard == [("A3", 0), ("A4", 0)], "high is never suppressed, nor is distress"
    night.now_ns += 10 * MINUTE_NS
    night.pump()
    assert night.notices == []
    night.start()
    night.now_ns += 4 * 60 * MINUTE_NS  # 06:10 in New York
    night.pump()
    [digest] = night.notices
    assert (digest["first"], digest["last"], digest["counts"]) == (1, 2, {"medium": 1, "low": 1})
    assert [one["id"] for one in digest["most_urgent"]] == ["A1", "A2"]
    night.now_ns += 10 * MINUTE_NS
    night.pump()
    assert len(night.notices) == 1
    night.dispatcher.request("mqtt", "u1", 0)
    night.pump()
    assert sorted(night.heard[2:]) == [("A1", 0), ("A2", 0), ("A3", 0), ("A4", 0)], "it may ask for what it wants"


def test_a_flood_becomes_a_digest_and_distress_is_never_part_of_it(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings(incidents=False, most_per_minute=3))
    night.commit(*(alert(number, priority="low") for number in range(10)), alert(10, priority="distress"), alert(11))
    assert night.heard == [("A0", 0), ("A1", 0), ("A2", 0), ("A10", 0), ("A11", 0)]
    night.commit(alert(0, 1, "low") | {"status": "cleared"}, alert(5, 1, "low") | {"status": "cleared"})
    assert night.heard[5:] == [("A0", 1)], "the end of what it has; not of what it never had"
    night.now_ns += 2 * MINUTE_NS
    night.pump()
    [digest] = night.notices
    assert digest["counts"] == {"low": 7}
    assert len(digest["most_urgent"]) == 5


@pytest.mark.parametrize("as_what", ["unit", "offered_unit"])
def test_a_unit_that_is_assigned_or_asked_gets_the_alerts_that_it_had_not(folder: Path, as_what: str) -> None:
    night = Night(folder, UnitFeedSettings(sections=("South",)))
    night.commit(alert(1), alert(2), incidents=[incident(1, ["A1", "A2"])])
    night.commit(alert(1, 1))
    assert night.heard == []
    asked = {as_what: "u1", "state": "open"}
    night.commit(incidents=[incident(1, ["A1", "A2"], 1, **asked)])
    assert sorted(night.heard) == [("A1", 1), ("A2", 0), ("I1", 1)]
    night.start()
    night.commit(incidents=[incident(1, ["A1", "A2"], 2, **asked)])
    assert sorted(night.heard)[3:] == [("I1", 2)], "once"


@pytest.mark.parametrize("ended_in", ["_give_assigned", "_send_due", "_note_answers"])
def test_escalation_reaches_the_next_unit_once_wherever_the_process_is_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ended_in: str
) -> None:
    night = Night(folder, UnitFeedSettings(sections=("South",)))
    night.commit(alert(1), incidents=[incident(1, ["A1"], offered_unit="u0")])
    assert night.heard == []

    def ended(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(night.dispatcher, ended_in, ended)
    with pytest.raises(KeyboardInterrupt):
        night.commit(incidents=[incident(1, ["A1"], 1, offered_unit="u1")])
    for _ in range(2):
        night.start()
        night.pump()
    assert sorted(set(night.heard)) == [("A1", 0), ("I1", 1)], "not lost"
    assert len(night.heard) == 2, "nor doubled"
    assert night.server.sent == [("I1", 0), ("I1", 1)]


def acted(revision: int, *senders: str, **more: Any) -> dict[str, Any]:
    """An incident on which these have acted in turn: a unit, or "" for the operations centre."""
    steps = [{"at": RAISED, "state": "assigned", "by": "b", "action": "a", "sender": one} for one in senders]
    return incident(1, ["A1"], revision, **{"transitions": steps, "unit": "p2", "state": "assigned"} | more)


def after_s(night: Night, seconds: float) -> None:
    night.now_ns += round(seconds * 1e9)
    night.pump()


@pytest.mark.parametrize("priority", ["medium", "distress"])
def test_a_unit_that_replies_on_and_on_fills_the_links_of_no_other(folder: Path, priority: str) -> None:
    night = Night(folder, UnitFeedSettings())
    night.commit(alert(1, 0, priority), incidents=[acted(0, "", priority=priority)])
    after_s(night, 60)
    count = 250
    for number in range(1, count + 1):
        night.now_ns += 10**8
        status = {"status": "acknowledged" if number % 2 else "active"}
        reply = acted(number, "", *["p2"] * number, priority=priority, received_at=f"{RAISED:%Y-%m-%d} {number}")
        night.commit(alert(1, number, priority) | status, incidents=[reply])
    first = [revision for one, revision in night.heard if one == "I1"]
    assert first[:2] == [0, 1], "the first reply at once"
    assert len(first) == 4
    assert first[2] - first[1] >= 100, "and then, within 25 s, one in 10 s"
    after_s(night, 11)
    after_s(night, 11)
    for name in ("I1", "A1"):
        heard = [revision for one, revision in night.heard if one == name]
        assert len(heard) == 5
        assert heard[-1] == count, "the newest is not lost"
    assert [revision for one, revision in night.server.sent if one == "I1"] == [*first, count]


def test_a_unit_gets_the_outcome_of_its_own_replies_at_once(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings())
    night.commit(alert(1), incidents=[acted(0, "", unit="u1")])
    night.commit(alert(1, 1) | {"status": "acknowledged"}, incidents=[acted(1, "", "u1", unit="u1")])
    night.commit(incidents=[acted(2, "", "u1", unit="u1", received_at=RAISED)])
    night.commit(alert(1, 2), incidents=[acted(3, "", "u1", "u1", unit="u1")])
    assert night.heard == [("A1", 0), ("I1", 0), ("A1", 1), ("I1", 1), ("I1", 2), ("A1", 2), ("I1", 3)]
    assert night.server.sent == [("I1", 0)]


@pytest.mark.parametrize(
    ("senders", "change"),
    [
        (["", "p2", ""], {"unit": "p3"}),  # assigned to another unit by the centre
        (["", "p2", ""], {"state": "closed"}),
        (["", "p2", ""], {"unit": ""}),  # recalled
        (["", "p2", "p2"], {"state": "closed"}),
        (["", "p2"], {"unit": "", "offered_unit": "u1"}),
        (["", "p2"], {"priority": "distress"}),
        (["", "p2", "p2", ""], {}),  # seen together with a reply
    ],
)
def test_what_the_centre_does_an_end_an_offer_and_a_higher_priority_never_wait(
    folder: Path, senders: list[str], change: dict[str, Any]
) -> None:
    night = Night(folder, UnitFeedSettings())
    night.commit(incidents=[acted(0, "")])
    night.commit(incidents=[acted(1, "", "p2")])
    assert night.heard == night.server.sent == [("I1", 0)]
    night.commit(incidents=[acted(2, *senders, **change)])
    assert night.heard == night.server.sent == [("I1", 0), ("I1", 2)]
    after_s(night, 11)
    assert night.heard == night.server.sent == [("I1", 0), ("I1", 2)], "what waited is superseded"


def test_news_of_a_distress_call_never_waits_for_replies(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings())
    call = {"priority": "distress"}
    night.commit(alert(1, 0, "distress") | {"lon": 1.0}, incidents=[acted(0, "", lon=1.0, **call)])
    night.commit(alert(1, 1, "distress") | {"lon": 1.0}, incidents=[acted(1, "", "p2", lon=1.0, **call)])
    assert night.heard == [("A1", 0), ("I1", 0)]
    night.commit(alert(1, 2, "distress") | {"lon": 1.1}, incidents=[acted(2, "", "p2", "p2", lon=1.1, **call)])
    assert night.heard == [("A1", 0), ("I1", 0), ("A1", 2), ("I1", 2)]


def test_revisions_of_alerts_that_no_reply_caused_do_not_wait(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings())
    night.commit(alert(1), alert(2), incidents=[acted(0, "")])
    night.commit(alert(1, 1), alert(2, 1))
    assert night.heard == [("A1", 0), ("A2", 0), ("I1", 0), ("A1", 1), ("A2", 1)]


def test_a_restart_loses_no_revision_that_waits(folder: Path) -> None:
    night = Night(folder, UnitFeedSettings())
    night.commit(alert(1), incidents=[acted(0, "")])
    night.commit(alert(1, 1) | {"status": "acknowledged"}, incidents=[acted(1, "", "p2")])
    assert night.heard == [("A1", 0), ("I1", 0)]
    night.start()
    night.pump()
    assert sorted(night.heard[2:]) == [("A1", 1), ("I1", 1)]
    assert night.server.sent == [("I1", 0), ("I1", 1)], "a web hook is not refreshed later"


@pytest.mark.parametrize("due", [False, True])
def test_a_write_of_the_ledger_that_fails_neither_loses_nor_delays(folder: Path, due: bool) -> None:
    night = Night(folder, UnitFeedSettings())
    if due:
        night.commit(incidents=[acted(0, "")])
        night.commit(incidents=[acted(1, "", "p2")])
    take, night.dispatcher._ledger.take = night.dispatcher._ledger.take, refuse
    if due:
        night.now_ns += 11 * 10**9
    with pytest.raises(StoreError):
        night.pump() if due else night.commit(incidents=[acted(0, "")])
    night.dispatcher._ledger.take = take
    after_s(night, 1)
    newest = ("I1", 1 if due else 0)
    assert (night.heard[-1], night.server.sent[-1]) == (newest, newest)


def refuse(*_: Any, **__: Any) -> Any:
    raise StoreError("disk full")


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({}, {"attention": True, "escalation": 1}),
        ({"unit": "", "offered_unit": "u1"}, {"unit": "p2", "offered_unit": ""}),  # another unit took the offer
    ],
)
def test_an_escalation_and_the_end_of_an_offer_do_not_wait(
    folder: Path, before: dict[str, Any], change: dict[str, Any]
) -> None:
    night = Night(folder, UnitFeedSettings())
    night.commit(incidents=[acted(0, "", **before)])
    night.commit(incidents=[acted(1, "", *(["p2"] if before else []), **before | change)])
    assert night.heard == [("I1", 0), ("I1", 1)]


class PlainFeed:
    """A feed without digests to one unit, as that to a TAK server is; it has what it was sent."""

    name, problem = "plain", None

    def __init__(self) -> None:
        self.receivers = (FeedReceiver("radio", kinds=("incident",), limit="u1", is_unit=True),)
        self.sent: list[tuple[str, int]] = []

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        self.sent.append((delivery.row.alert, delivery.row.revision))
        done = Future[None]()
        done.set_result(None)
        return done

    def close(self) -> None: ...


class PlainNight(Night):
    """The same night for a feed without digests."""

    def start(self) -> None:
        ledger, reader = DeliveryLedger(self.store.path.with_name(FILE)), Reader(self.store.path)
        self.feed = PlainFeed()
        self.dispatcher = Dispatcher(
            reader,
            ledger,
            [self.feed],
            now_ns=lambda: self.now_ns,
            monotonic_s=lambda: self.now_ns / 1e9,
            release=Unmarked(),
            rules=UnitRules(lambda _: self.unit, ZoneInfo("America/New_York"), reader, ledger),
        )


def test_sections_priority_and_duty_hold_for_a_unit_of_any_feed(folder: Path) -> None:
    night = PlainNight(folder, UnitFeedSettings(sections=("North",), least_priority="medium"))
    night.commit(
        incidents=[
            incident(1, ["A1"]),
            incident(2, ["A2"], section="South"),
            incident(3, ["A3"], priority="low"),
            incident(4, ["A4"], section="South", priority="distress"),
            incident(5, ["A5"], section="South", priority="low", unit="u1", state="assigned"),
        ]
    )
    assert night.feed.sent == [("I4", 0), ("I1", 0), ("I5", 0)], "what was open at the first start, most urgent first"
    night.duty("off_duty")
    night.commit(incidents=[incident(6, ["A6"]), incident(7, ["A7"], priority="distress")])
    assert night.feed.sent[3:] == [("I7", 0)]
    night.duty("patrol")
    assert night.feed.sent[4:] == [("I6", 0)], "what is open when it comes on duty"


def test_a_feed_without_digests_gets_after_quiet_hours_what_is_still_open_also_after_a_restart(folder: Path) -> None:
    two_at_night_ns = NOON_NS + 19 * 60 * MINUTE_NS  # 07:00 UTC, 02:00 in New York
    night = PlainNight(folder, UnitFeedSettings(quiet_hours=("22:00-06:00",)), two_at_night_ns)
    low = {"priority": "low"}
    night.commit(
        incidents=[
            incident(1, ["A1"], **low),
            incident(2, ["A2"]),
            incident(3, ["A3"], priority="distress"),
            incident(4, ["A4"], **low),
        ]
    )
    assert night.feed.sent == [("I3", 0), ("I2", 0)], "high is never suppressed, nor is distress"
    night.commit(incidents=[incident(1, ["A1"], 1, **low), incident(4, ["A4"], 1, state="closed", **low)])
    night.start()
    night.now_ns += 60 * MINUTE_NS
    night.pump()
    assert night.feed.sent == []
    night.now_ns += 3 * 60 * MINUTE_NS + 10 * MINUTE_NS  # 06:10 in New York
    night.pump()
    assert night.feed.sent == [("I1", 1)], "its newest revision; the other is closed"
    assert night.dispatcher.waiting == 0
    night.start()
    night.now_ns += 10 * MINUTE_NS
    night.pump()
    assert night.feed.sent == [], "once"


rules = st.builds(
    UnitFeedSettings,
    incidents=st.just(True),
    least_priority=st.sampled_from(["high", "medium", "low"]),
    sections=st.sampled_from([(), ("South",)]),
    quiet_hours=st.sampled_from([(), ("00:00-23:59",)]),
    never_suppress=st.sampled_from([(), ("high",)]),
    one_per_incident=st.booleans(),
    most_per_minute=st.integers(0, 2),
)


@settings(max_examples=40, deadline=None)
@given(unit=rules, priorities=st.lists(st.sampled_from(RANKS), max_size=12), off_duty=st.booleans())
def test_distress_and_assignments_pass_every_combination_of_rules(
    tmp_path_factory: pytest.TempPathFactory, unit: UnitFeedSettings, priorities: list[str], off_duty: bool
) -> None:
    night = Night(tmp_path_factory.mktemp("rules"), unit)
    night.duty("off_duty" if off_duty else "patrol")
    for number, priority in enumerate(priorities):
        assigned = {"unit": "u1" if number % 3 == 0 else "", "priority": priority}
        night.commit(alert(number, priority=priority), incidents=[incident(number, [f"A{number}"], **assigned)])
    for number, priority in enumerate(priorities):
        if priority == "distress" or number % 3 == 0:
            assert {(f"A{number}", 0), (f"I{number}", 0)} <= set(night.heard)
    night.store.close()
