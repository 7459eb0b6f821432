"""Web hooks: signed as Standard Webhooks, numbered, delivered at least once, and silent about their secrets."""

from __future__ import annotations

import json
import logging
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook, WebhookVerificationError

from ops.sector.setting_tables.feeds import FeedsSettings
from ops.sector.setting_tables.push import PushReceiver, PushSettings
from ops.services.feeds.dispatch import Dispatcher, RetryPolicy
from ops.services.feeds.feed import FeedReceiver, OutboxDelivery
from ops.services.feeds.ledger import DeliveryLedger
from ops.services.feeds.mqtt import numbered
from ops.services.feeds.push.addresses import AddressRule
from ops.services.feeds.push.client import PushClient, PushFailed, PushTarget
from ops.services.feeds.web_hook import WebHookFeed, open_feed, secrets_in, signature_headers, variable_of
from ops.services.fusion.live_picture import alert_schema
from ops.store.reader import OutboxRow, Reader
from ops.store.writer import Store
from tests.drills.sizes import sized
from tests.ops.export.warnings.generated import bodies
from tests.ops.services.feeds.push.receiving import Post, receiver, silent, status
from tests.patience import PATIENT_S

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
OLDER = "whsec_" + b64encode(bytes(range(1, 33))).decode()
HERE = AddressRule([ip_network("127.0.0.1/32")])


def row(number: int = 7, **more: Any) -> OutboxRow:
    body = json.dumps({"id": f"A{number}", "revision": 0, "sentence": "Crossing"} | more).encode()
    return OutboxRow(number, f"A{number}", 0, "high", body)


@contextmanager
def feed(
    *urls: str, now_s: float | None = None, secret: str = SECRET, timeout_s: float = PATIENT_S
) -> Iterator[WebHookFeed]:
    names = [f"partner-{number}" for number in range(len(urls))]
    client = PushClient({name: PushTarget(url, HERE) for name, url in zip(names, urls, strict=True)},
                        timeout_s=timeout_s)  # fmt: skip
    one = WebHookFeed(
        "hills", [FeedReceiver(name) for name in names], client, {name: secrets_in(secret) for name in names},
        now_s=time.time if now_s is None else lambda: now_s,
    )  # fmt: skip
    try:
        yield one
    finally:
        one.close()


def verified(post: Post, secret: str = SECRET) -> Any:
    return Webhook(secret).verify(post.body, dict(post.headers))


def test_a_post_is_verified_by_an_independent_library_and_holds_the_alert_with_its_number() -> None:
    with receiver() as there, feed(there.url) as one:
        one.send(OutboxDelivery("partner-0", 41, row())).result(PATIENT_S)
        (post,) = there.posts
    assert verified(post) == {"number": 41, "id": "A7", "revision": 0, "sentence": "Crossing"}
    assert (post.headers["webhook-id"], post.headers["watchline-kind"]) == ("hills.A7.0", "alert")
    assert post.headers["content-type"] == "application/json"


def test_a_changed_repeated_or_foreign_post_is_refused_by_the_receiver() -> None:
    with receiver() as there, feed(there.url) as one, feed(there.url, now_s=time.time() - 600) as late:
        one.send(OutboxDelivery("partner-0", 1, row())).result(PATIENT_S)
        late.send(OutboxDelivery("partner-0", 1, row())).result(PATIENT_S)
        post, replayed = there.posts
    with pytest.raises(WebhookVerificationError, match="too old"):
        verified(replayed)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        verified(post, OLDER)
    for header, value in (("webhook-id", "hills.A8.0"), ("webhook-timestamp", str(int(time.time()) + 2))):
        changed = Post(post.path, dict(post.headers) | {header: value}, post.body)
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            verified(changed)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        verified(Post(post.path, post.headers, post.body.replace(b"Crossing", b"Nothing")))


def test_while_a_secret_is_exchanged_the_signatures_of_both_are_sent() -> None:
    with receiver() as there, feed(there.url, secret=f"{SECRET} {OLDER}") as one:
        one.send(OutboxDelivery("partner-0", 1, row())).result(PATIENT_S)
        (post,) = there.posts
    assert verified(post, SECRET) == verified(post, OLDER)


def test_the_signature_is_that_of_the_published_test_vector() -> None:
    """The example of the libraries of Standard Webhooks (test_webhook.py of each)."""
    secret = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signature_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [secret])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_thousands_of_generated_alerts_are_posted_as_the_schema_says_with_their_numbers() -> None:
    schema = alert_schema()
    schema["$defs"]["Alert"]["additionalProperties"] = False
    valid = Draft202012Validator(schema)
    for number, body in enumerate(bodies(sized(2_500, 10_000), seed=20, marked=False), start=1):
        sent = json.loads(numbered(OutboxDelivery("partner-0", number, OutboxRow(number, "A1", 0, "high", body))))
        assert sent.pop("number") == number
        error = next(valid.iter_errors(sent), None)
        assert error is None, error
        assert sent == json.loads(body)


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "whsec_!!!", "whsec_" + b64encode(b"x" * 23).decode(), "whsec_" + b64encode(b"x" * 65).decode(),
     b64encode(b"x" * 32).decode(), "secret"],
)  # fmt: skip
def test_a_secret_that_is_too_short_or_malformed_is_not_used(text: str) -> None:
    assert secrets_in(text) == []
    assert secrets_in(f"{text} {SECRET}") == [bytes(range(32))]


def test_a_web_hook_without_a_secret_is_a_problem_and_sends_nothing() -> None:
    with receiver() as there, feed(there.url, secret="") as one:
        assert one.problem == "web hooks without a secret: partner-0"
        with pytest.raises(PushFailed, match="WATCHLINE_WEB_HOOK_PARTNER_0"):
            one.send(OutboxDelivery("partner-0", 1, row()))
        assert there.posts == []


def test_the_feed_takes_receivers_from_the_settings_and_secrets_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable_of("coast-guard.1"), SECRET)
    settings = PushSettings(
        {"coast-guard.1": PushReceiver("https://partner.example/", incidents=True, least_priority="medium")},
        given_up_after_h=2.0,
    )
    context: Any = SimpleNamespace(sector_id="hills", settings=SimpleNamespace(feeds=FeedsSettings(web_hook=settings)))
    one = open_feed(context)
    assert one is not None
    assert one.problem is None
    (its,) = one.receivers
    assert (its.name, set(its.kinds), its.given_up_after_s) == ("coast-guard.1", {"alert", "incident"}, 7200.0)
    assert [its.has_priority(OutboxRow(1, "A1", 0, name, b"{}")) for name in ("distress", "high", "medium", "low")] == [
        True, True, True, False,
    ]  # fmt: skip
    one.close()
    none: Any = SimpleNamespace(sector_id="hills", settings=SimpleNamespace(feeds=FeedsSettings()))
    assert open_feed(none) is None


class Everything:
    """A release without markings."""

    def may_receive(self, _: str, __: OutboxRow) -> bool:
        return True

    def as_received(self, _: str, row: OutboxRow) -> OutboxRow:
        return row


def dispatched(store: Path, feed: WebHookFeed, **more: Any) -> tuple[Dispatcher, DeliveryLedger]:
    ledger = DeliveryLedger(store.with_name("feeds.db"))
    policy = RetryPolicy(retry_s=0.01, longest_retry_s=0.05)
    dispatcher = Dispatcher(
        Reader(store), ledger, [feed], monotonic_s=time.monotonic, release=Everything(), policy=policy,
        **{"now_ns": time.time_ns} | more,
    )  # fmt: skip
    return dispatcher, ledger


def pump_until(dispatcher: Dispatcher, done: Any) -> None:
    limit = time.monotonic() + PATIENT_S
    while not done():
        assert time.monotonic() < limit
        dispatcher.pump()
        time.sleep(0.005)


def published(store: Store, *numbers: int) -> None:
    from tests.ops.services.api.test_app import T0_NS, alert

    store.commit(numbers[-1], stamp_ns=T0_NS, alerts=[alert(number) for number in numbers])


def test_a_receiver_that_fails_gets_everything_later_under_the_same_numbers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = Store(tmp_path / "store.db")
    published(store, 1, 2, 3)
    answers = iter([500, 503, 429])

    def failing(handler: Any, post: Post) -> None:
        status(next(answers, 204))(handler, post)

    def is_of_the_silent_one(record: logging.LogRecord) -> bool:
        """On a busy machine the other may not answer in time either."""
        return "web_hook/partner-1" in record.getMessage() and "no answer" in record.getMessage()

    with receiver(failing) as there, silent() as port:
        hanging = f"http://127.0.0.1:{port}/token-in-the-path"
        with feed(there.url, hanging, timeout_s=0.5) as one:
            dispatcher, ledger = dispatched(store.path, one)
            pump_until(dispatcher, lambda: len(there.posts) >= 6 and not ledger.waiting("web_hook/partner-0"))
            assert len(ledger.waiting("web_hook/partner-1")) == 3
            pump_until(dispatcher, lambda: any(is_of_the_silent_one(record) for record in caplog.records))
            ledger.close()
    bodies = {verified(post)["number"]: verified(post)["id"] for post in there.posts}
    assert bodies == {1: "A1", 2: "A2", 3: "A3"}
    numbers = {post.headers["webhook-id"] for post in there.posts}
    assert numbers == {"hills.A1.0", "hills.A2.0", "hills.A3.0"}
    store.close()
    logged = caplog.text
    assert "web_hook/partner-1" in logged
    for secret in (SECRET, "token-in-the-path", b64encode(bytes(range(32))).decode()):
        assert secret not in logged


def test_what_is_given_up_is_a_dead_letter_and_is_sent_again_on_replay(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    published(store, 1, 2)
    broken, taken = [True], list[Post]()

    def answer(handler: Any, post: Post) -> None:
        if not broken[0]:
            taken.append(post)
        status(410 if broken[0] else 204)(handler, post)

    with receiver(answer) as hook, feed(hook.url) as one:
        dispatcher, ledger = dispatched(store.path, one)
        pump_until(dispatcher, lambda: len(ledger.dead_letters()) == 2)
        receiver_key, number, record, revision, reason = ledger.dead_letters("web_hook/partner-0")[0]
        assert (receiver_key, number, record, revision) == ("web_hook/partner-0", 1, "A1", 0)
        assert reason.startswith("answered 410")
        broken[0] = False
        other = DeliveryLedger(store.path.with_name("feeds.db"))  # as the command line does beside the process
        assert other.replay("web_hook/partner-0") == 2
        other.close()
        pump_until(dispatcher, lambda: not ledger.waiting("web_hook/partner-0"))
        assert ledger.dead_letters() == []
        ledger.close()
    store.close()
    assert {verified(post)["number"] for post in taken} == {1, 2}


def test_what_is_not_delivered_in_its_time_is_given_up_also_over_restarts(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    published(store, 1, 2, 3)
    with receiver(status(500)) as there, feed(there.url) as one:
        one.receivers = (FeedReceiver("partner-0", given_up_after_s=3600.0),)
        dispatcher, ledger = dispatched(store.path, one)
        pump_until(dispatcher, lambda: len(there.posts) >= 3)
        assert ledger.dead_letters() == []
        ledger.close()
        late, ledger = dispatched(store.path, one, now_ns=lambda: time.time_ns() + 3601 * 10**9)
        pump_until(late, lambda: len(ledger.dead_letters()) == 3)
        assert {letter[-1] for letter in ledger.dead_letters()} == {"not delivered within 3600 s"}
        assert ledger.replay("web_hook/partner-0") == 3
        ledger.close()
        before = len(there.posts)
        late, ledger = dispatched(store.path, one, now_ns=lambda: time.time_ns() + 7200 * 10**9)
        pump_until(late, lambda: len(there.posts) >= before + 3)
        assert ledger.dead_letters() == []  # the time begins again
        ledger.close()
    store.close()


def test_a_receiver_that_works_after_a_long_stop_gets_what_waited(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    published(store, 1, 2, 3)
    with silent() as port, feed(f"http://127.0.0.1:{port}/") as one:
        one.receivers = (FeedReceiver("partner-0", given_up_after_s=3600.0),)
        dispatcher, ledger = dispatched(store.path, one)
        pump_until(dispatcher, lambda: len(ledger.waiting("web_hook/partner-0")) == 3)
        ledger.close()
    with receiver() as there, feed(there.url) as one:
        one.receivers = (FeedReceiver("partner-0", given_up_after_s=3600.0),)
        late, ledger = dispatched(store.path, one, now_ns=lambda: time.time_ns() + 10**15)
        pump_until(late, lambda: not late.waiting and len(there.posts) >= 3)
        assert {verified(post)["number"] for post in there.posts} == {1, 2, 3}
        assert ledger.dead_letters() == []
        ledger.close()
    store.close()
