"""Posts over kills of the feeds process and of the receiver: nothing is lost, nothing gets a second number or id."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE
from ops.runtime.processes.child_process import Child
from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.feeds.web_hook import variable_of
from ops.store.writer import Store
from tests.ops.services.api.test_app import T0, T0_NS, alert
from tests.ops.services.feeds.push.receiving import Post, Receiver, receiver, silent, status
from tests.ops.services.feeds.test_web_hook import SECRET, dispatched, feed, pump_until, verified
from tests.patience import PATIENT_S

ALERTS = 200
KILLS = 4
RECEIVER_KILLS = 20


def until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENT_S
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.005)


def numbers_of(*receivers: Receiver) -> dict[str, set[int]]:
    """The numbers that came with each id."""
    found: dict[str, set[int]] = {}
    for one in receivers:
        for post in one.posts:
            found.setdefault(post.headers["webhook-id"], set()).add(json.loads(post.body)["number"])
    return found


def verifying(handler: BaseHTTPRequestHandler, post: Post) -> None:
    """Verify as a receiver does, when a post comes: minutes later it is too old. Without it there is no answer."""
    assert json.loads(post.body) == verified(post)
    status(204)(handler, post)


def expected(count: int) -> dict[str, set[int]]:
    return {f"hills.A{number}.0": {number} for number in range(1, count + 1)}


def test_the_process_killed_at_any_time_loses_nothing_and_needs_no_broker(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    with silent() as port, receiver(verifying) as hook, receiver() as agency:
        (tmp_path / "settings.toml").write_text(
            "".join(
                f'[feeds.{name}]\nallowed_networks = ["127.0.0.0/8"]\n[feeds.{name}.receivers.{to}]\nurl = "{url}"\n'
                for name, to, url in (("cap", "agency", agency.url), ("web_hook", "hook", hook.url))
            )
        )
        arguments = [
            f"--store={store.path}", "--sector-id=hills", "--title=Hills", f"--settings={tmp_path / 'settings.toml'}"
        ]  # fmt: skip
        secrets = {
            URL_VARIABLE: f"mqtt://127.0.0.1:{port}", IDENTITY_VARIABLE: "", SIGNATURES_VARIABLE: "optional",
            variable_of("hook"): SECRET,
        }  # fmt: skip
        child = Child("feeds", "ops.services.feeds.process", arguments, log=tmp_path / "feeds.log", secrets=secrets)
        try:
            for round_ in range(KILLS + 1):
                first = round_ * ALERTS // (KILLS + 1)
                last = (round_ + 1) * ALERTS // (KILLS + 1)
                before = len(hook.posts)
                alerts = [alert(n, updated_at=T0 + timedelta(seconds=n)) for n in range(first + 1, last + 1)]
                store.commit(round_ + 1, stamp_ns=T0_NS, alerts=alerts)
                if round_ < KILLS:
                    until(lambda at=before + 10: len(hook.posts) >= at)
                    child.process.kill()
                    child.process.wait()
                    child.restart()
            until(lambda: len(numbers_of(hook)) == ALERTS and len({post.body for post in agency.posts}) >= ALERTS)
        finally:
            child.stop(timeout_s=PATIENT_S)
    store.close()
    assert numbers_of(hook) == expected(ALERTS)
    identifiers = {post.body.partition(b"<identifier>")[2].partition(b"<")[0].decode() for post in agency.posts}
    assert identifiers == expected(ALERTS).keys()
    assert SECRET not in (tmp_path / "feeds.log").read_text()


def test_a_receiver_killed_at_any_time_gets_everything_in_the_end(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    reserved = ReservedPort()
    lives: list[Receiver] = []
    with feed(f"http://127.0.0.1:{reserved.number}/hook", timeout_s=2.0) as one:
        dispatcher, ledger = dispatched(store.path, one)
        for life in range(RECEIVER_KILLS + 1):
            start = life * ALERTS // (RECEIVER_KILLS + 1)
            end = (life + 1) * ALERTS // (RECEIVER_KILLS + 1)
            store.commit(life + 1, stamp_ns=T0_NS, alerts=[alert(number) for number in range(start + 1, end + 1)])
            with receiver(verifying, port=reserved.number) as alive:
                lives.append(alive)
                enough = 5 if life < RECEIVER_KILLS else 1
                pump_until(dispatcher, lambda alive=alive, n=enough: len(alive.posts) >= n)
                if life == RECEIVER_KILLS:
                    pump_until(dispatcher, lambda: not ledger.waiting("web_hook/partner-0"))
        assert ledger.dead_letters() == []
        ledger.close()
    reserved.release()
    store.close()
    assert numbers_of(*lives) == expected(ALERTS)
