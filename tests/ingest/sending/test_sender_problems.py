"""A sender among troubles that pass: a full disk under its spool, a clock that is set, numbers that were used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.envelope import Delivery
from ingest.errors import SpoolError, SpoolFull
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity, Register, record_of
from ingest.security.signature import Signer
from ingest.sending import sender as sending
from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ingest.wire import JSON, encode_ack
from sensors.scan import Scan
from tests.ingest.sending.links import Link, SlowLink, until
from tests.patience import PATIENT_S

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
NOW_NS = round(NOW.timestamp()) * 10**9
SCAN = Scan("r1", 0, 0, 0, NOW, NOW, "radar", ())


@contextmanager
def linked(now_ns: Callable[[], int] = lambda: NOW_NS, **settings: Any) -> Iterator[tuple[Sender, Spool, Link]]:
    with Spool(":memory:", first_boot=1) as spool:
        sender = Sender(
            spool, sector="hills", sensor="r1", url=BrokerUrl.parse("mqtt://127.0.0.1:1"), now_ns=now_ns, kind="radar",
            settings=SenderSettings(**settings),
        )  # fmt: skip
        link = Link()
        sender._connection = link  # type: ignore[assignment]
        yield sender, spool, link


def test_a_full_disk_ends_no_sender_and_loses_no_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FULL_DISK_S", 0.01)
    room = threading.Event()

    def settle(boot: int, seq: int, **_: int) -> int:
        if not room.is_set():
            raise SpoolFull("the disk is full", where="spool", expected="free space")
        return settled(boot, seq)

    with linked(status_interval_s=1e-6) as (sender, spool, link):
        settled = spool.settle
        monkeypatch.setattr(spool, "settle", settle)
        sender.put_many([SCAN] * 3)
        sender.start()
        try:
            assert until(lambda: len(link.of("detections")) == 3)
            with sender._lock:
                sender._acks[1] = 2
            assert until(lambda: "the disk is full" in (sender.problem or ""))
            sender.set_state("ok")
            heartbeats = len(link.of("status"))
            assert until(lambda: len(link.of("status")) > heartbeats), "it is alive, and states so"
            sender.put(SCAN)
            assert until(lambda: len(link.of("detections")) == 4)
            assert spool.waiting == 4
            room.set()
            assert until(lambda: spool.waiting == 2), "the acknowledgement was kept"
            assert until(lambda: sender.problem is None)
        finally:
            sender.stop()


def test_a_disk_that_fails_otherwise_ends_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> int:
        raise SpoolError("disk I/O error", where="spool", expected="a disk that works")

    with linked() as (sender, spool, _):
        monkeypatch.setattr(spool, "settle", fails)
        sender.start()
        with sender._lock:
            sender._acks[1] = 2
        sender._pump_thread.join(PATIENT_S)
        assert not sender._pump_thread.is_alive()
        assert "disk I/O error" in (sender.problem or "")


@pytest.mark.parametrize("back_s", [0.3, 3.0, 3600.0, 86_400.0])
def test_a_clock_that_is_set_back_delays_a_heartbeat_by_less_than_an_interval(back_s: float) -> None:
    """By hand: heartbeats each second from 0 s; the clock is set back at 2.5 s, so that the next is due by 3.5 s."""
    at_s, back = 0.0, 0.0
    with linked(lambda: NOW_NS + round((at_s - back) * 1e9), status_interval_s=1.0) as (sender, _, link):
        for tenth in range(26):
            at_s = tenth / 10
            sender._pump(at_s)
        assert len(link.of("status")) == 3
        back = back_s
        for tenth in range(26, 36):
            at_s = tenth / 10
            sender._pump(at_s)
        assert len(link.of("status")) == 4


ACK = "watchline/1/hills/sensor/r1/ack"
YEAR = timedelta(days=365)
INGEST = Signer.generate()
REGISTER = Register([record_of("ingest", "ingest", INGEST.public, valid_from=NOW - YEAR, valid_until=NOW + YEAR)])


def ack(
    seq: int, *, boot: int = 1, signer: Signer = INGEST, at_ns: int = NOW_NS, received_ns: int = NOW_NS
) -> Delivery:
    """An acknowledgement of this boot up to ``seq``, sent at ``at_ns`` by ingest's clock."""
    payload = encode_ack(boot, seq)
    numbers = [("boot", "1"), ("seq", "1"), ("by_boot", "1"), ("sent", str(at_ns))]
    return Delivery(ACK, payload, JSON, tuple(signer.sign(ACK, JSON, numbers, payload)), received_ns)


@pytest.mark.parametrize(("days", "named"), [(-367, "367.0 days behind"), (400, "400.0 days ahead of")])
def test_acknowledgements_that_a_wrong_clock_refuses_are_a_problem_until_one_is_accepted(days: int, named: str) -> None:
    """The key of ingest is valid from a year ago, for two years: a computer without a battery, or with a wrong date."""
    now_ns = wrong_ns = NOW_NS + days * 86_400 * 10**9
    with linked(lambda: now_ns, identity=Identity(register=REGISTER)) as (sender, spool, _):
        sender._on_ack(ack(0, received_ns=wrong_ns))
        assert sender.problem is None, "nothing waits"
        sender.put(SCAN)
        sender._pump(0.0)
        sender._on_ack(ack(1, received_ns=wrong_ns))
        assert (spool.waiting, sender.refused_acks) == (1, 2)
        assert f"acknowledgements are refused: the clock is {named} that of ingest" in (sender.problem or "")
        now_ns = NOW_NS
        sender._on_ack(ack(1))
        sender.put(SCAN)
        sender._pump(0.0)
        sender._on_ack(ack(2))
        assert (spool.waiting, sender.problem) == (1, None), "the clock is set"
        sender._on_ack(ack(1, signer=Signer.generate(), received_ns=wrong_ns))
        sender._on_ack(Delivery(ACK, b"", JSON, (), wrong_ns))
        sender._on_ack(ack(1, boot=2, received_ns=wrong_ns))
        assert sender.problem is None, "what others write, or wrote, is no evidence"


@pytest.mark.parametrize(("boot", "seq", "retained"), [(1, 1, True), (1, 1, False), (1, 4, False), (7, 3, False)])
def test_an_old_acknowledgement_of_a_key_that_has_expired_is_no_evidence_of_a_wrong_clock(
    boot: int, seq: int, retained: bool
) -> None:
    """Ingest has changed its key 10 days ago; its acknowledgement of 40 days ago is still at the broker, retained, or
    was recorded there. Only one that continues those of this boot shows that the clock is wrong."""
    day = timedelta(days=1)
    old = Signer.generate()
    register = Register(
        [
            record_of("ingest", "ingest", old.public, valid_from=NOW - 100 * day, valid_until=NOW - 10 * day),
            record_of("ingest", "ingest", INGEST.public, valid_from=NOW - 11 * day, valid_until=NOW + YEAR),
        ]
    )
    with linked(identity=Identity(register=register)) as (sender, spool, _):
        sender.put_many([SCAN] * 3)
        sender._pump(0.0)
        if not retained:
            sender._on_ack(ack(2))
        of_old = ack(seq, boot=boot, signer=old, at_ns=NOW_NS - 40 * 86_400 * 10**9)
        sender._on_ack(replace(of_old, retained=retained))
        assert (spool.waiting, sender.refused_acks, sender.problem) == (3, 1, None)


@pytest.mark.parametrize(("ahead_s", "slow_s", "named"), [(2.0, 0.0, "2.0"), (2.0, 0.7, "1.3"), (0.4, 0.0, ""),
                                                          (0.0, 3.0, ""), (-2.0, 0.0, "")])  # fmt: skip
def test_a_clock_ahead_of_that_of_ingest_is_a_problem_however_slow_the_link_is(
    ahead_s: float, slow_s: float, named: str
) -> None:
    """By hand: ingest acknowledges ``slow_s`` after the sending, and the sender has that after as much again. With a
    right clock the acknowledgement is not sent before the message; ``clock_offset_s`` alone cannot show that."""
    at_s, offset_s = 0.0, ahead_s

    def now_ns() -> int:
        return NOW_NS + round((at_s + offset_s) * 1e9)

    with linked(now_ns, identity=Identity(register=REGISTER)) as (sender, _, _):

        def exchange(seq: int) -> str:
            nonlocal at_s
            sender.put(SCAN)
            sender._pump(at_s)
            at_s += slow_s
            acked_ns = NOW_NS + round(at_s * 1e9)
            at_s += slow_s
            sender._on_ack(ack(seq, at_ns=acked_ns, received_ns=now_ns()))
            return sender.problem or ""

        problem = exchange(1)
        assert ("the clock is at least" in problem) == bool(named)
        assert named in problem
        assert sender.clock_offset_s == pytest.approx(-ahead_s - slow_s)
        offset_s = 0.0
        assert exchange(2) == "", "the clock is set"


def conflict(seq: int) -> Delivery:
    topic = "watchline/1/hills/sensor/r1/ack"
    return Delivery(topic, encode_ack(1, seq, conflict=True), JSON, (), NOW_NS)


def test_what_was_sent_before_a_conflict_is_sent_again_before_it_is_settled() -> None:
    """The mark of a conflict is that of other messages: after a restart of the broker the first of ours may be lost
    though ingest refuses, and acknowledges, the last. Those of the first sending do not settle what is not repeated."""
    with linked() as (sender, spool, link):
        sender.put_many([SCAN] * 3)
        sender._pump(0.0)
        assert [sent["seq"] for sent in link.of("detections")] == ["1", "2", "3"]
        sender._on_ack(conflict(2))
        sender._on_ack(conflict(3))
        assert "ingest has other messages of r1" in (sender.problem or "")
        sender._pump(1.0)
        assert spool.waiting == 3
        assert [sent["seq"] for sent in link.of("detections")] == ["1", "2", "3"] * 2
        sender._on_ack(conflict(3))
        sender._pump(2.0)
        assert spool.waiting == 0
        assert len(link.of("detections")) == 6, "once"


@pytest.mark.parametrize("pumped", [False, True], ids=["repetition due", "repetition sent"])
@pytest.mark.parametrize(("session_present", "renewed"), [(False, 0), (True, 1)], ids=["new session", "new client"])
def test_what_was_on_its_way_in_a_session_or_client_that_is_lost_is_repeated(
    session_present: bool, renewed: int, pumped: bool
) -> None:
    with linked() as (sender, spool, link):
        sender.put_many([SCAN] * 2)
        sender._pump(0.0)
        sender._on_ack(conflict(2))
        if pumped:
            sender._pump(1.0)
        link.renewed += renewed
        sender._on_up(session_present)
        sender._on_ack(conflict(2))
        sender._pump(2.0)
        assert spool.waiting == 2
        sender._on_ack(conflict(2))
        sender._pump(3.0)
        assert spool.waiting == 0
        assert len(link.of("detections")) == (6 if pumped else 4)


BACKLOG = 125


@pytest.mark.parametrize(("heard_after_s", "drops_every_s"), [(5, 0), (0, 30), (10, 10)])
def test_a_slow_link_carries_a_repetition_to_its_end(heard_after_s: int, drops_every_s: int) -> None:
    """One message a second, ingest that subscribes late, a link that drops but whose client and broker keep what is on
    its way: twice the backlog's time is enough, as before any conflict counted."""
    window = SendWindowSettings(window=BACKLOG)
    with linked(window=window) as (sender, spool, _):
        sender._connection = link = SlowLink(2 * BACKLOG)  # type: ignore[assignment]
        sender.put_many([SCAN] * BACKLOG)
        heard = set()
        for second in range(2 * BACKLOG + heard_after_s + 5):
            if drops_every_s and second and second % drops_every_s == 0:
                sender._on_up(True)
            sender._pump(float(second))
            if (seq := link.carry()) and second >= heard_after_s:
                heard.add(seq)
                sender._on_ack(conflict(seq))
        assert spool.waiting == 0
        assert len(heard) >= BACKLOG - heard_after_s
