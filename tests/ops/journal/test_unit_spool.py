"""Messages of units are repeated until the journal has them, in the order in which they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from ingest.mqtt.broker_url import BrokerUrl
from ingest.unit_messages import Reply
from ops.journal import unit_spool
from ops.journal.unit_spool import AGAIN_AFTER_S, UnitSpool

AT = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)


class Broker:
    """Takes what is published, as for an ingest that has not subscribed."""

    problem = None

    def __init__(self) -> None:
        self.incidents: list[str] = []

    def __call__(self, _: str, payload: bytes, **__: object) -> None:
        self.incidents.append(msgspec.json.decode(payload)["incident"])


@pytest.fixture
def now_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now_s = [100.0]
    monkeypatch.setattr(unit_spool, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    return now_s


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[UnitSpool]:
    """A spool whose rounds a test makes itself."""
    url = BrokerUrl.parse("mqtt://127.0.0.1:1")
    one = UnitSpool(url, "hills", tmp_path / "units.db", part="api", now_ns=lambda: int(AT.timestamp() * 1e9))
    one._publisher.stop()
    yield one
    one._spool.close()
    one._journal.close()


def reply(incident: str, unit: str = "patrol-1") -> Reply:
    return Reply(unit, 1, 1, AT, "acknowledge", "A1", "Sgt. Meyer", incident=incident, action_id=f"on-{incident}")


def test_what_was_sent_to_no_one_is_repeated_in_its_order(spool: UnitSpool, now_s: list[float]) -> None:
    """Whenever ingest subscribes between two rounds, what it hears next begins with the first."""
    spool._publisher = broker = Broker()  # type: ignore[assignment]
    for incident in ("first", "second"):
        spool.send(reply(incident))
        spool._settle_and_retry()
        now_s[0] += 1.0
    assert broker.incidents == ["first", "second"]
    rounds = []
    for _ in range(10):
        broker.incidents.clear()
        now_s[0] += AGAIN_AFTER_S / 4
        spool._settle_and_retry()
        rounds.append(list(broker.incidents))
    assert [one for one in rounds if one] == [["first", "second"]] * 3


def test_a_new_message_is_published_at_once_and_repeats_no_other(spool: UnitSpool, now_s: list[float]) -> None:
    spool._publisher = broker = Broker()  # type: ignore[assignment]
    for incident in ("first", "second", "third"):
        spool.send(reply(incident))
        spool._settle_and_retry()
        now_s[0] += AGAIN_AFTER_S / 4
    assert broker.incidents == ["first", "second", "third"]


def test_a_backlog_of_one_unit_that_the_journal_does_not_take_delays_no_other(
    spool: UnitSpool, now_s: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a unit in quarantine: what others send is published at once, settled, and not repeated."""
    monkeypatch.setattr(unit_spool, "MOST_OF_UNIT", 2)
    spool._publisher = broker = Broker()  # type: ignore[assignment]
    settled = SimpleNamespace(settled=lambda unit, *_: unit == "patrol-2")
    monkeypatch.setattr(spool._journal, "reading", lambda: nullcontext(settled))
    for number in range(1_100):
        spool.send(reply(f"held-{number}"))
    spool.send(reply("fire", "patrol-2"))
    spool._settle_and_retry()
    assert broker.incidents == ["held-0", "held-1"]
    assert spool.waiting == 1_100, "the journal had the other one"
    monkeypatch.setattr(settled, "settled", lambda *_: False)
    spool.send(reply("flood", "patrol-2"))
    spool._settle_and_retry()
    assert broker.incidents == ["held-0", "held-1", "flood"]
    now_s[0] += AGAIN_AFTER_S
    monkeypatch.setattr(settled, "settled", lambda unit, *_: unit == "patrol-2")
    spool._settle_and_retry()
    assert broker.incidents == ["held-0", "held-1", "flood", "held-0", "held-1"]
    assert spool.waiting == 1_100


def test_a_call_for_help_is_on_its_way_whatever_waits_before_it(
    spool: UnitSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phone of the unit has flooded it into quarantine; the call of another one is read all the same, and settled."""
    monkeypatch.setattr(unit_spool, "MOST_OF_UNIT", 2)
    published = list[bytes]()
    broker = Broker()
    monkeypatch.setattr(Broker, "__call__", lambda _, __, payload, **___: published.append(payload))
    spool._publisher = broker  # type: ignore[assignment]
    for number in range(5):
        spool.send(reply(f"held-{number}"))
    boot, seq = spool.call("patrol-1", AT, "ambush")
    spool._settle_and_retry()
    assert [b"ambush" in one for one in published] == [False, False, True]
    settled = SimpleNamespace(settled=lambda *message: message[-2:] == (boot, seq))
    monkeypatch.setattr(spool._journal, "reading", lambda: nullcontext(settled))
    spool._settle_and_retry()
    assert spool.waiting == 5


def test_what_a_spool_held_at_the_end_is_sent_after_a_new_start(tmp_path: Path) -> None:
    url = BrokerUrl.parse("mqtt://127.0.0.1:1")
    broker = Broker()
    for sent in (["first", "second"], []):
        one = UnitSpool(url, "hills", tmp_path / "units.db", part="api", now_ns=lambda: int(AT.timestamp() * 1e9))
        one._publisher.stop()
        one._publisher = broker  # type: ignore[assignment]
        for incident in sent:
            one.send(reply(incident))
        if not sent:
            one._settle_and_retry()
        one._spool.close()
        one._journal.close()
    assert broker.incidents == ["first", "second"]


def test_a_call_is_settled_when_the_journal_has_it(spool: UnitSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a journal, or with one that has another message of the unit, it is not."""
    key = spool.call("patrol-1", AT, "ambush")
    assert spool.call_settled("patrol-1", key) is None
    has = ("patrol-1", "position", *key)
    journal = SimpleNamespace(settled=lambda *message: message == has, last_id=lambda: 12)
    monkeypatch.setattr(spool._journal, "reading", lambda: nullcontext(journal))
    assert spool.call_settled("patrol-1", key) == 12
    assert spool.call_settled("patrol-2", key) is None
