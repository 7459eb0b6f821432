"""Quarantine: what costs tokens, when a source is held, for how long, and whom that does not touch."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.help_call import HelpCall
from ingest.receiving.batch import DeadLetter, Row
from ingest.receiving.plausibility import Plausibility
from ingest.receiving.quarantine import Quarantine, QuarantineRecord, QuarantineSettings, bucket_name
from ingest.receiving.receiver import Guards, Receiver
from ingest.security.authentication import Authenticator
from ingest.security.key_register import Register, record_of
from ingest.security.signature import Signer
from ingest.standards.gateway_refusal import REFUSED
from sensors.radar import Radar
from sensors.scan import Plot, Scan

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
SECOND = 10**9
RADAR = Radar(id="r1", lon=8.0, lat=47.0, easting=0.0, northing=0.0, max_range_m=5e3, period_s=1.0)
SMALL = QuarantineSettings(
    burst=10,
    per_s=1.0,
    bad_cost=1.0,
    repeated_cost=0.5,
    false_alarm=1e300,
    hold_s=10.0,
    max_hold_s=40.0,
    forgiven_s=100.0,
    probation=0.5,
)
"""Only floods are found, after ten messages."""


def bad(source: str = "r1", at_ns: int = NOW_NS, *, size: int = 0, code: str = "not_json") -> DeadLetter:
    return DeadLetter(code, "payload", "bad", "detections", source, None, None, "t", "", b"", size, b"", at_ns)


def good(source: str = "r1", at_ns: int = NOW_NS, kind: str = "detections") -> Row:
    return Row(kind, source, 1, 1, at_ns, at_ns, None, "", b"", "t")


def charge(quarantine: Quarantine, count: int, message: Row | DeadLetter, *, repeated: bool = False) -> None:
    for _ in range(count):
        quarantine.charge(message, repeated=repeated)


def test_names_that_nobody_gave_share_one_bucket_and_pay_for_good_messages() -> None:
    """3,000 names of one message each, as large as ingest takes; today each name would have a burst of its own."""
    quarantine = Quarantine(pooled=lambda source: source.startswith("x"))
    admitted = 0
    for n in range(3000):
        large = Row("detections", f"x{n}", 1, 1, NOW_NS, NOW_NS, None, "", bytes(65_000), "t")
        if quarantine.admits(f"x{n}", NOW_NS) == "read":
            admitted += 1
            quarantine.charge(large, repeated=False)
    assert admitted * 65_000 < 3e6, "5,000 tokens of 512 bytes"
    assert quarantine.take_events()[0].source == ""
    assert quarantine.admits("r1", NOW_NS) == "read", "a sensor of the layout does not feel it"
    assert quarantine.held == frozenset()


def test_sensors_that_are_not_in_the_layout_yet_are_read() -> None:
    """Ten radars being set up, one kB in 2.5 s each, for an hour; and one of them is broken."""
    quarantine = Quarantine(pooled=lambda source: True)
    for step in range(1440):
        at_ns = NOW_NS + step * 2_500_000_000
        for n in range(10):
            assert quarantine.admits(f"x{n}", at_ns) == "read"
            message = bad("x0", at_ns, size=1000) if n == 0 else replace(good(f"x{n}", at_ns), body=bytes(1000))
            quarantine.charge(message, repeated=False)


def test_rubbish_under_a_units_name_at_a_sensors_topic_does_not_silence_the_unit() -> None:
    quarantine = Quarantine(SMALL)
    charge(quarantine, 11, bad("patrol-1"))
    assert quarantine.admits(bucket_name("patrol-1", "detections"), NOW_NS) == "shed"
    assert quarantine.admits(bucket_name("patrol-1", "position"), NOW_NS) == "read"
    charge(quarantine, 11, replace(bad("patrol-2"), kind="position"))
    assert quarantine.admits(bucket_name("patrol-2", "position"), NOW_NS) == "shed"
    assert quarantine.admits(bucket_name("patrol-2", "status"), NOW_NS) == "read"


def test_keep_alives_of_a_tak_client_are_not_held_against_it() -> None:
    """One a second for an hour, with a sighting now and then: it is never cut off."""
    quarantine = Quarantine()
    for second in range(3600):
        at_ns = NOW_NS + second * SECOND
        assert quarantine.admits("r1", at_ns) == "read"
        quarantine.charge(good(at_ns=at_ns) if second % 600 == 0 else bad(at_ns=at_ns, code="ping"), repeated=False)
    assert quarantine.take_events() == ()


def test_a_burst_is_borne_and_one_more_is_held() -> None:
    quarantine = Quarantine(SMALL)
    charge(quarantine, 10, bad())
    assert quarantine.admits("r1", NOW_NS) == "read"
    charge(quarantine, 1, bad())
    assert quarantine.admits("r1", NOW_NS) == "shed"
    assert quarantine.admits("r2", NOW_NS) == "read", "the others do not feel it"
    assert quarantine.take_events() == (QuarantineRecord("r1", True, NOW_NS + 10 * SECOND),)


def test_as_many_a_second_are_borne_for_ever() -> None:
    quarantine = Quarantine(SMALL)
    for number in range(500):
        charge(quarantine, 1, bad(at_ns=NOW_NS + number * SECOND))
    assert quarantine.take_events() == ()


@settings(deadline=None)
@given(st.floats(250.0, 20_000.0), st.integers(0, 60_000))
def test_whoever_floods_with_what_nobody_can_use_is_cut_off_within_five_seconds(rate: float, size: int) -> None:
    quarantine, sent = Quarantine(), 0
    while not quarantine.take_events():
        charge(quarantine, 1, bad(at_ns=NOW_NS + round(sent / rate * SECOND), size=size))
        sent += 1
        assert sent / rate < 5.0


def test_a_flood_of_good_form_that_is_too_often_to_be_true_is_cut_off_and_a_backlog_is_not() -> None:
    """2,000 scans a second whose own times are as dense; then as many that were observed a second apart."""
    gate, quarantine = Plausibility.of([RADAR]), Quarantine()
    sent = 0
    while not quarantine.take_events():
        at_ns = NOW_NS + sent * SECOND // 2_000
        seen = Scan("r1", 1, sent, sent, at(at_ns), NOW, "radar", ())
        charge(quarantine, 1, replace(good(at_ns=at_ns), flags=gate(seen)))
        sent += 1
        assert sent < 5 * 2_000, "within five seconds"
    gate, quarantine = Plausibility.of([RADAR]), Quarantine()
    for number in range(20_000):
        seen = Scan("r1", 1, number, number, NOW + timedelta(seconds=number), NOW, "radar", ())
        charge(quarantine, 1, replace(good(at_ns=NOW_NS + number * SECOND // 2_000), flags=gate(seen)))
    assert quarantine.take_events() == ()


def at(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns / 1e9, UTC)


def test_an_honest_sensor_that_errs_now_and_then_or_sends_a_backlog_again_is_not_cut_off() -> None:
    quarantine = Quarantine()
    for number in range(6_000):  # ten bad ones a second among two hundred, for ten minutes
        charge(quarantine, 1, bad(at_ns=NOW_NS + number * SECOND // 10, size=40))
        charge(quarantine, 19, good(at_ns=NOW_NS + number * SECOND // 10))
    charge(quarantine, 9_900, good("r2"), repeated=True)
    assert quarantine.take_events() == ()


def test_what_a_sender_sent_again_while_ingest_was_away_is_no_flood() -> None:
    """Three hours of it: a window of 1,000 every 24 s, all of it read within seconds when ingest is back."""
    quarantine = Quarantine()
    for resent in range(450):
        sent_ns = NOW_NS - (10_800 - 24 * resent) * SECOND
        charge(quarantine, 1000, replace(good(), sent_ns=sent_ns), repeated=True)
    assert quarantine.take_events() == ()
    charge(quarantine, 21_000, replace(good(), sent_ns=NOW_NS - 3600 * SECOND), repeated=True)
    assert quarantine.held == {"r1"}, "but who replays what was sent once, again and again, is a flood"


def seconds_until_cut_off(rate: float, share: float, quarantine: Quarantine, longest_s: float = 60.0) -> float | None:
    """Of a sensor that sends so many a second, every 1/share-th of them bad; None when it goes on for ``longest_s``."""
    owed = 0.0
    for number in range(int(rate * longest_s)):
        at_ns, owed = NOW_NS + round(number / rate * SECOND), owed + share
        quarantine.charge(bad(at_ns=at_ns, size=40) if owed >= 1.0 else good(at_ns=at_ns), repeated=False)
        owed -= owed >= 1.0
        if quarantine.take_events():
            return number / rate
    return None


@pytest.mark.parametrize(("bad_per_s", "share"), [(1, 1.0), (2, 1.0), (2, 0.5), (2, 0.25), (10, 1.0), (10, 0.2),
                                                  (50, 1.0), (50, 0.15), (249, 1.0)])  # fmt: skip
def test_a_broken_sensor_is_cut_off_within_five_seconds_however_slowly_it_sends(bad_per_s: int, share: float) -> None:
    found = seconds_until_cut_off(bad_per_s / share, share, Quarantine())
    assert found is not None
    assert found < 5.0


@pytest.mark.parametrize("rate", [0.2, 1.0, 20.0, 1000.0])
def test_one_odd_message_in_a_thousand_is_borne(rate: float) -> None:
    assert seconds_until_cut_off(rate, 1e-3, Quarantine(), longest_s=20_000 / rate) is None


def test_so_are_odd_messages_at_random_and_one_every_quarter_of_a_minute_from_who_says_nothing_else() -> None:
    chance, quarantine = random.Random(1), Quarantine()
    for number in range(300_000):
        at_ns = NOW_NS + number * SECOND // 10
        quarantine.charge(bad(at_ns=at_ns) if chance.random() < 1e-3 else good(at_ns=at_ns), repeated=False)
    for number in range(1000):
        quarantine.charge(bad("r2", NOW_NS + 17 * number * SECOND), repeated=False)
    assert quarantine.take_events() == ()


def test_a_broken_sensor_that_is_let_in_is_cut_off_by_the_first_bad_message_and_cleared_by_good_ones() -> None:
    quarantine = Quarantine()
    for name in ("broken", "mended"):
        charge(quarantine, 4, bad(name))
    assert quarantine.held == {"broken", "mended"}
    quarantine.release(NOW_NS + 9 * SECOND)
    assert quarantine.held == {"broken", "mended"}
    quarantine.release(later := NOW_NS + 10 * SECOND)
    assert quarantine.held == frozenset(), "although nothing came of them"
    quarantine.charge(bad("broken", later), repeated=False)
    charge(quarantine, 40, good("mended", later))
    charge(quarantine, 3, bad("mended", later))
    assert quarantine.held == {"broken"}


def test_a_unit_a_wrong_clock_and_what_a_gateway_refused_are_never_broken() -> None:
    """A unit may call for help in its next message; what is out of time was good, and says so by its code; over a
    gateway's link anybody may have sent what it refused."""
    quarantine = Quarantine()
    charge(quarantine, 900, replace(bad("u1"), kind="position"))
    charge(quarantine, 900, bad("r1", code="future"))
    charge(quarantine, 900, replace(bad("r3"), content_type=REFUSED))
    charge(quarantine, 90_000, bad("r2", code="expired"))
    assert quarantine.take_events() == ()


def test_calls_without_a_position_do_not_silence_the_unit() -> None:
    """They are dead letters, 1,100 at once from a device without GPS; what is no call costs as before."""
    quarantine = Quarantine()
    call = replace(bad("u1", code="missing_field"), kind="position", call=HelpCall(note="help"))
    charge(quarantine, 1100, call)
    assert quarantine.admits(bucket_name("u1", "position"), NOW_NS) == "read"
    charge(quarantine, 1100, replace(call, call=None))
    assert quarantine.admits(bucket_name("u1", "position"), NOW_NS) == "shed"


def test_a_hold_ends_and_tells_how_much_it_shed() -> None:
    quarantine = Quarantine(SMALL)
    charge(quarantine, 11, bad())
    for _ in range(3):
        assert quarantine.admits("r1", NOW_NS + 9 * SECOND) == "shed"
        quarantine.shed("r1")
    assert quarantine.admits("r1", NOW_NS + 10 * SECOND) == "read"
    assert quarantine.take_events()[-1] == QuarantineRecord("r1", True, None, 3)


def test_holds_grow_to_a_limit_and_are_forgiven() -> None:
    quarantine, now_ns, lengths = Quarantine(SMALL), NOW_NS, []
    for pause_s in (0, 0, 0, 0, 101):
        now_ns += pause_s * SECOND
        charge(quarantine, 11, bad(at_ns=now_ns))
        until_ns = quarantine.take_events()[-1].until_ns
        assert until_ns is not None
        lengths.append((until_ns - now_ns) // SECOND)
        now_ns = until_ns
        assert quarantine.admits("r1", now_ns) == "read"
    assert lengths == [10, 20, 40, 40, 10]


def test_good_detections_cost_nothing_and_the_rest_by_weight() -> None:
    quarantine = Quarantine(SMALL)
    charge(quarantine, 100_000, good())
    assert quarantine.take_events() == (), "a backlog is wanted, however fast it comes"
    charge(quarantine, 20, good("d"), repeated=True)  # half a token each
    charge(quarantine, 40, good("s", kind="status"))  # a quarter
    charge(quarantine, 5, bad("b", size=4096))  # one, and one for its size
    assert quarantine.take_events() == ()
    for message, repeated in ((good("d"), True), (good("s", kind="status"), False), (bad("b", size=4096), False)):
        quarantine.charge(message, repeated=repeated)
    assert [held.source for held in quarantine.take_events()] == ["d", "s", "b"]


def test_a_clock_that_is_set_back_ends_a_hold() -> None:
    quarantine = Quarantine(SMALL)
    charge(quarantine, 11, bad())
    assert quarantine.admits("r1", NOW_NS - 86_400 * SECOND) == "read"


def test_strangers_share_one_bucket() -> None:
    quarantine = Quarantine(SMALL, pooled=lambda name: name.startswith("x"))
    for number in range(11):
        charge(quarantine, 1, bad(f"x{number}", code="unsigned"))
    assert quarantine.admits("x99", NOW_NS) == "prove"
    assert quarantine.admits("r1", NOW_NS) == "read"


class Door:
    """A receiver that requires signatures, with a small quarantine."""

    def __init__(self) -> None:
        self.signer, self.of_unit = Signer.generate(), Signer.generate()
        register = Register(
            [
                record_of("sensor", "r1", self.signer.public, valid_from=NOW, valid_until=None),
                record_of("unit", "u1", self.of_unit.public, valid_from=NOW, valid_until=None),
            ]
        )
        trust = Authenticator(register, required=True, recall_boot=lambda *_: -1)
        self.rows, self.dead, self.shed, self.acknowledged = 0, 0, 0, 0
        self.receiver = Receiver("x", commit=self.commit, acknowledge=self.acknowledge,
                                 recall=lambda *_: (0, set()), guards=Guards(trust, Quarantine(SMALL)))  # fmt: skip

    def commit(self, batch: Any) -> None:
        self.rows += len(batch.rows)
        self.dead += len(batch.dead_letters)
        self.shed += sum(batch.shed.values())

    def acknowledge(self, delivery: Delivery) -> None:
        self.acknowledged += 1

    def honest(self, seq: int) -> Delivery:
        topic, payload = "watchline/1/x/sensor/r1/detections", encode(
            Scan("r1", 1, seq, seq, NOW, NOW, "radar", (Plot(azimuth_deg=1.0),))
        )  # fmt: skip
        text = [("boot", "1"), ("seq", str(seq)), ("by_boot", "1"), ("sent", str(NOW_NS))]
        return Delivery(topic, payload, None, tuple(self.signer.sign(topic, "application/json", text, payload)), NOW_NS)

    def of_u1(self, payload: bytes, seq: int, at_ns: int, *, signed: bool = True) -> Delivery:
        topic = "watchline/1/x/unit/u1/position"
        text = [("boot", "1"), ("seq", str(seq)), ("by_boot", "1"), ("sent", str(at_ns))]
        properties = self.of_unit.sign(topic, "application/json", text, payload) if signed else ()
        return Delivery(topic, payload, None, tuple(properties), at_ns)

    def junk(self, number: int) -> Delivery:
        return Delivery("watchline/1/x/sensor/r1/detections", b"junk %d" % number, None, (), NOW_NS)


def test_who_writes_under_a_sensors_name_does_not_silence_it() -> None:
    door = Door()
    for number in range(1000):
        door.receiver.handle([door.junk(number), door.honest(number + 1)])
    assert door.rows == 1000
    assert door.dead == 10, "each costs one token and a little for its bytes"
    assert door.shed == 990


def test_of_a_unit_in_quarantine_a_call_for_help_is_read_every_two_seconds() -> None:
    """One that it has signed: others do not take its turn."""
    door, call = Door(), b'{"distress": true}'
    door.receiver.handle([door.of_u1(b"junk", seq, NOW_NS) for seq in range(1, 21)])
    assert (door.dead, door.shed) == (10, 10)
    later = [NOW_NS + tenth * SECOND // 10 for tenth in range(1, 41)]
    for seq, at_ns in enumerate(later, start=21):
        door.receiver.handle([door.of_u1(call, seq, at_ns, signed=False), door.of_u1(call, seq, at_ns)])
        door.receiver.handle([door.of_u1(b"junk", seq + 100, at_ns)])
    assert door.dead == 10 + 2
    assert door.dead + door.shed == door.acknowledged


@given(st.lists(st.sampled_from(["honest", "junk", "forged"]), max_size=60))
def test_whatever_comes_is_counted_once_and_acknowledged_once(kinds: list[str]) -> None:
    door = Door()
    for number, kind in enumerate(kinds):
        delivery = door.junk(number) if kind == "junk" else door.honest(number + 1)
        if kind == "forged":
            delivery = Delivery(delivery.topic, delivery.payload + b" ", None, delivery.user_properties, NOW_NS)
        door.receiver.handle([delivery])
    assert door.rows == kinds.count("honest")
    assert door.rows + door.dead + door.shed == len(kinds) == door.acknowledged


def test_a_muted_sensor_is_shed_without_a_quarantine_and_its_unit_and_all_others_are_read() -> None:
    quarantine = Quarantine(SMALL)
    quarantine.muted = frozenset({"r1"})
    assert quarantine.admits(bucket_name("r1", "detections"), NOW_NS) == "shed"
    assert quarantine.admits(bucket_name("r1", "status"), NOW_NS) == "shed"
    quarantine.shed("r1")
    assert quarantine.admits(bucket_name("r1", "position"), NOW_NS) == "read", "a unit of this name is not muted"
    assert quarantine.admits("r2", NOW_NS) == "read"
    assert (quarantine.held, quarantine.take_events()) == (frozenset(), ())
    quarantine.muted = frozenset()
    assert quarantine.admits("r1", NOW_NS) == "read"
