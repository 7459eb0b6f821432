"""A feed that cannot be opened: nothing that waits for its receivers is lost, and it is opened as soon as it can be."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from geo.errors import BadInput
from ingest.mqtt.broker_url import BrokerUrl
from ops.runtime.clock import ScenarioClock
from ops.sector.setting_tables.cot import CotServer, CotSettings
from ops.sector.setting_tables.feeds import FeedsSettings
from ops.sector.setting_tables.push import PushReceiver, PushSettings
from ops.sector.settings import Settings
from ops.services.feeds.cot import opening
from ops.services.feeds.cot.memory import FILE as COT_FILE
from ops.services.feeds.cot.memory import CotMemoryError
from ops.services.feeds.dispatch import Dispatcher, key_of
from ops.services.feeds.feed import Feed, FeedReceiver
from ops.services.feeds.late import OPEN_EVERY_S, FeedKind, late_feeds
from ops.services.feeds.ledger import FILE, DeliveryLedger
from ops.services.feeds.process import OTHER_FEEDS, _problem_of
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.services.api.test_app import T0_NS
from tests.ops.services.feeds.from_units.test_unusable_book import delivering
from tests.ops.services.feeds.push.receiving import silent
from tests.ops.services.feeds.push.test_retry_after import Scripted
from tests.ops.services.feeds.test_dispatch import Clock, Unmarked, alert
from tests.ops.services.feeds.test_push_kills import until

CONTEXT: Any = SimpleNamespace(settings=None)
PROBLEM = "feed web_hook is not open (receiver hook: authority cannot be read; expected a PEM file.)"


class Opening:
    """Opens a feed, from the time on that ``error`` is None."""

    def __init__(self, feed: Scripted, error: Exception | None) -> None:
        self.feed, self.error, self.attempts = feed, error, 0

    def __call__(self, _: Any) -> Feed:
        self.attempts += 1
        if self.error is not None:
            raise self.error
        return self.feed

    def kind(self) -> FeedKind:
        return FeedKind(self.feed.name, lambda _: self.feed.receivers, self)


@contextmanager
def dispatching(store: Store, feed: Feed, clock: Clock) -> Iterator[Dispatcher]:
    ledger = DeliveryLedger(store.path.with_name(FILE))
    yield Dispatcher(
        Reader(store.path), ledger, [feed], now_ns=time.time_ns, monotonic_s=lambda: clock.ns / 1e9, release=Unmarked(),
        chance=lambda: 0.0,
    )  # fmt: skip
    ledger.close()


def test_what_waits_and_what_comes_meanwhile_is_delivered_under_its_numbers_once_it_is_open(tmp_path: Path) -> None:
    store, clock = Store(tmp_path / "s.db"), Clock()
    store.commit(1, stamp_ns=1, alerts=[alert(1)])
    with dispatching(store, Scripted("hook"), clock) as before:
        before.pump()
    store.commit(2, stamp_ns=1, alerts=[alert(2)])
    scripted = Scripted("hook")
    opening_it = Opening(scripted, BadInput("authority cannot be read", where="receiver hook", expected="a PEM file"))
    (late,) = late_feeds([opening_it.kind()], CONTEXT, monotonic_s=lambda: clock.ns / 1e9)
    with dispatching(store, late, clock) as dispatcher:
        for _ in range(10):
            dispatcher.pump()
            late.try_open()
            clock.pass_s(1.0)
        assert opening_it.attempts == 1, "not again within a short time"
        assert late.problem == PROBLEM
        assert dispatcher.waiting == 2
        opening_it.error = None
        clock.pass_s(OPEN_EVERY_S)
        late.try_open()
        assert late.problem is None
        clock.pass_s(60.0)
        for _ in range(10):
            dispatcher.pump()
            if "hook" in scripted.answers:
                scripted.answer("hook", *[None] * len(scripted.answers["hook"]))
        assert sorted(scripted.sent) == [("hook", 1), ("hook", 2)]
        assert dispatcher.waiting == 0
    late.try_open()
    assert opening_it.attempts == 2, "it is opened once"
    store.close()


def test_a_start_at_which_a_feed_cannot_be_opened_deletes_nothing_that_waits(tmp_path: Path) -> None:
    """The agency waits for an alert when the process starts with a certificate that cannot be read."""
    store = Store(tmp_path / "store.db")
    store.commit(0, stamp_ns=T0_NS, alerts=[alert(7)])
    agency = Scripted("agency")
    agency.name = "cap"
    with dispatching(store, agency, Clock()) as before:
        before.pump()
    store.close()
    (tmp_path / "ca.pem").write_text("not a certificate")
    more = '[feeds.cap.receivers.agency]\nurl = "https://agency.example/"\nauthority = "ca.pem"\n'
    with delivering(tmp_path, more) as child:
        until(lambda: "feed cap is not open" in str(child.last("problem")))
    ledger = DeliveryLedger(tmp_path / FILE)
    numbered = [(one.number, one.alert) for one in ledger.waiting(key_of("cap", "agency"))]
    ledger.close()
    assert numbered[0] == (1, "A7")
    assert len(numbered) == 2, "and what came meanwhile waits too"


def test_every_problem_is_stated() -> None:
    def with_problem(problem: str | None) -> Any:
        return SimpleNamespace(problem=problem)

    feeds = [with_problem(None), with_problem("the broker is silent"), with_problem(PROBLEM)]
    refusals = with_problem("refused messages are not counted")
    assert _problem_of(feeds, refusals) == f"the broker is silent; {PROBLEM}; refused messages are not counted"
    assert _problem_of(feeds[:1], with_problem(None)) is None


def test_receivers_are_known_without_opening_and_only_feeds_that_have_some_are_there() -> None:
    cot = CotSettings(servers=(CotServer("tak", "tcp://127.0.0.1:9"),))
    hooks = PushSettings({"hook": PushReceiver("https://partner.example/")})
    settings = Settings(feeds=FeedsSettings(cot=cot, web_hook=hooks))

    def named(kind: FeedKind) -> list[str]:
        found: list[FeedReceiver] = list(kind.receivers(settings))
        return [one.name for one in found]

    assert {kind.name: named(kind) for kind in OTHER_FEEDS} == {"cot": ["tak"], "cap": [], "web_hook": ["hook"]}


def test_an_attempt_to_open_the_tak_feed_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    (tmp_path / COT_FILE).write_bytes(b"\xff" * 8192)
    settings = Settings(feeds=FeedsSettings(cot=CotSettings(servers=(CotServer("tak", "tcp://127.0.0.1:9"),))))
    Store(tmp_path / "store.db").close()
    before = set(threading.enumerate())
    with silent() as port:
        context: Any = SimpleNamespace(
            settings=settings, store=tmp_path / "store.db", border=None, areas=None, sector_id="hills",
            url=BrokerUrl.parse(f"mqtt://127.0.0.1:{port}"), folder=tmp_path, clock=ScenarioClock(), language="en",
            refused=None,
        )  # fmt: skip
        with pytest.raises(CotMemoryError):
            opening.open_feed(context)
        until(lambda: set(threading.enumerate()) <= before)  # one that ends may take its time
