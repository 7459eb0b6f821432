"""Retry-After (RFC 9110, 10.2.3): what receivers ask for is kept, up to a limit, and hides no receiver for good."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.services.feeds.dispatch import Dispatcher
from ops.services.feeds.feed import FailedAttempt, FeedReceiver, OutboxDelivery, Undeliverable
from ops.services.feeds.ledger import FILE, DeliveryLedger
from ops.services.feeds.push.client import PushFailed
from ops.services.feeds.push.retry_after import LONGEST_WAIT_S, wait_of
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.services.feeds.push.receiving import receiver, status
from tests.ops.services.feeds.push.test_client import client, made
from tests.ops.services.feeds.test_dispatch import Clock, Unmarked, alert
from tests.patience import PATIENT_S

NOW = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
"""The time of the examples of RFC 9110, 5.6.7."""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("Sun, 06 Nov 1994 08:51:37 GMT", 120.0),
        ("Sunday, 06-Nov-94 08:51:37 GMT", 120.0),
        ("Sun Nov  6 08:51:37 1994", 120.0),
        ("Sun, 06 Nov 1994 08:49:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT_S),
        ("99999999999999999999999999999999", LONGEST_WAIT_S),
        ("-1", 0.0),
        ("1.5", 0.0),
        ("٣", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("Sun, 99 Nov 1994 08:51:37 GMT", 0.0),
    ],
)
def test_the_three_forms_of_a_date_and_seconds_are_read_and_all_else_is_no_wait(text: str, seconds: float) -> None:
    assert wait_of(text, "", NOW) == seconds


@given(ahead_s=st.integers(-(10**8), 10**8), wait_s=st.integers(0, int(LONGEST_WAIT_S)))
def test_a_date_counts_from_the_receivers_own_clock(ahead_s: int, wait_s: int) -> None:
    theirs = NOW + timedelta(seconds=ahead_s)
    at = format_datetime(theirs + timedelta(seconds=wait_s), usegmt=True)
    assert wait_of(at, format_datetime(theirs, usegmt=True), NOW) == wait_s


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_it_or_asks_for_more_than_the_limit(text: str, date: str) -> None:
    assert 0.0 <= wait_of(text, date, NOW) <= LONGEST_WAIT_S


@pytest.mark.parametrize("code", [429, 503])
def test_an_answer_that_asks_to_wait_says_how_long(code: int) -> None:
    with receiver(status(code, **{"Retry-After": "90"})) as there, client(("a", there.url)) as one:
        with pytest.raises(PushFailed, match=f"answered {code}") as caught:
            one.post("a", made()).result(PATIENT_S)
        assert caught.value.after_s == 90.0


def test_other_answers_ask_for_nothing() -> None:
    with receiver(status(500, **{"Retry-After": "90"})) as there, client(("a", there.url)) as one:
        with pytest.raises(PushFailed) as caught:
            one.post("a", made()).result(PATIENT_S)
        assert caught.value.after_s == 0.0


def test_a_body_too_large_for_now_is_tried_again_and_one_too_large_for_good_is_not() -> None:
    """RFC 9110, 15.5.14: with Retry-After the condition is temporary."""
    with receiver(status(413, **{"Retry-After": "90"})) as there, client(("a", there.url)) as one:
        with pytest.raises(PushFailed) as caught:
            one.post("a", made()).result(PATIENT_S)
        assert caught.value.after_s == 90.0
    with receiver(status(413)) as there, client(("a", there.url)) as one, pytest.raises(Undeliverable):
        one.post("a", made()).result(PATIENT_S)


@pytest.mark.parametrize("value", ["0", "Sun, 06 Nov 1994 08:49:37 GMT", "soon", ""])
def test_the_presence_of_the_field_says_that_a_body_is_too_large_only_for_now(value: str) -> None:
    with receiver(status(413, **{"Retry-After": value})) as there, client(("a", there.url)) as one:
        with pytest.raises(PushFailed, match="answered 413") as caught:
            one.post("a", made()).result(PATIENT_S)
        assert caught.value.after_s == 0.0
    gone = receiver(status(410, **{"Retry-After": value}))
    with gone as there, client(("a", there.url)) as one, pytest.raises(Undeliverable):
        one.post("a", made()).result(PATIENT_S)


class Scripted:
    """A feed whose receivers answer as a test says."""

    name, problem = "web_hook", None

    def __init__(self, *names: str) -> None:
        self.receivers = [FeedReceiver(name, window=4) for name in names]
        self.sent: list[tuple[str, int]] = []
        self.answers: dict[str, list[Future[None]]] = {}

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        answer = Future[None]()
        self.sent.append((delivery.receiver, delivery.number))
        self.answers.setdefault(delivery.receiver, []).append(answer)
        return answer

    def close(self) -> None:
        pass

    def answer(self, name: str, *results: Exception | None) -> None:
        for result, answer in zip(results, self.answers.pop(name), strict=True):
            if result is None:
                answer.set_result(None)
            else:
                answer.set_exception(result)


@contextmanager
def dispatched(folder: Path, feed: Scripted) -> Iterator[tuple[Store, Clock, Dispatcher]]:
    """A dispatcher of a feed, whose pauses are half of the longest."""
    store, clock = Store(folder / "store.db"), Clock()
    ledger = DeliveryLedger(store.path.with_name(FILE))
    yield (
        store,
        clock,
        Dispatcher(
            Reader(store.path), ledger, [feed], now_ns=lambda: 1, monotonic_s=lambda: clock.ns / 1e9,
            release=Unmarked(), chance=lambda: 0.5,
        ),
    )  # fmt: skip
    ledger.close()
    store.close()


def call(number: int) -> dict[str, Any]:
    return alert(number, priority="distress")


def test_a_call_is_tried_again_by_back_off_while_ordinary_alerts_wait(tmp_path: Path) -> None:
    feed = Scripted("asks")
    with dispatched(tmp_path, feed) as (store, clock, dispatcher):
        store.commit(1, stamp_ns=1, alerts=[call(1)])
        dispatcher.pump()
        feed.answer("asks", FailedAttempt("answered 429", after_s=600.0))
        dispatcher.pump()
        clock.pass_s(2.0)
        dispatcher.pump()
        feed.answer("asks", None)
        dispatcher.pump()
        store.commit(2, stamp_ns=1, alerts=[alert(2), call(3)])
        tried_s: list[float] = []
        while len(tried_s) < 8 and clock.ns < 500e9:
            dispatcher.pump()
            if "asks" in feed.answers:
                tried_s.append(clock.ns / 1e9)
                feed.answer("asks", FailedAttempt("answered 500"))
            clock.pass_s(1.0)
        assert feed.sent == [("asks", 1)] * 2 + [("asks", 3)] * 8
        pauses = [after - before for before, after in pairwise(tried_s)]
        assert max(pauses) <= 60.0 / 2 + 1.0
        clock.pass_s(1_000.0)
        dispatcher.pump()
        feed.answer("asks", None)
        dispatcher.pump()
        assert feed.sent[-2:] == [("asks", 3), ("asks", 2)]


def test_an_alert_that_must_wait_and_has_no_answer_does_not_stand_in_the_way_of_a_call(tmp_path: Path) -> None:
    feed = Scripted("asks")
    with dispatched(tmp_path, feed) as (store, clock, dispatcher):
        store.commit(1, stamp_ns=1, alerts=[alert(1), alert(2)])
        dispatcher.pump()
        first, _never = feed.answers.pop("asks")
        first.set_exception(FailedAttempt("answered 429", after_s=600.0))
        dispatcher.pump()
        store.commit(2, stamp_ns=1, alerts=[call(3)])
        for _ in range(200):
            clock.pass_s(1.0)
            dispatcher.pump()
            if "asks" in feed.answers:
                feed.answer("asks", FailedAttempt("answered 500"))
        assert len(feed.sent) > 2 + 5
        assert set(feed.sent[2:]) == {("asks", 3)}


def test_a_receiver_is_left_alone_as_long_as_it_asks_and_others_are_not(tmp_path: Path) -> None:
    feed = Scripted("asks", "other")
    with dispatched(tmp_path, feed) as (store, clock, dispatcher):
        store.commit(1, stamp_ns=1, alerts=[alert(1), alert(2)])
        dispatcher.pump()
        feed.answer("asks", FailedAttempt("answered 429", after_s=300.0), None)
        feed.answer("other", None, None)
        store.commit(2, stamp_ns=1, alerts=[alert(3)])
        dispatcher.pump()
        feed.answer("other", None)
        clock.pass_s(299.0)
        dispatcher.pump()
        assert feed.sent.count(("other", 3)) == 1
        assert "asks" not in feed.answers, "an answer of success to an earlier post does not end the wait"
        store.commit(3, stamp_ns=1, alerts=[alert(4, priority="distress")])
        dispatcher.pump()
        assert feed.sent[-2:] == [("asks", 4), ("other", 4)], "a call for help does not wait"
        feed.answer("asks", None)
        feed.answer("other", None)
        dispatcher.pump()
        assert "asks" not in feed.answers, "an answer of success to an earlier post does not end the wait"
        clock.pass_s(2.0)  # and the pause with its jitter
        dispatcher.pump()
        assert sorted(number for name, number in feed.sent if name == "asks") == [1, 1, 2, 3, 4]
        feed.answer("asks", None, None)
        dispatcher.pump()
        assert dispatcher.waiting == 0
