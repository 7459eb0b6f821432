"""A thread of the feeds that hangs: the process then gives no sign of life, whatever its other threads do."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from ops.services.feeds import process
from ops.services.feeds.process import HUNG_S, FromRoom, _watch
from ops.services.feeds.pumping import Turns, pump_until
from tests.patience import PATIENT_S

LOOKS = 80
HANGS_AFTER, WORKS_FROM = 5, 60


@pytest.mark.parametrize("in_server", [False, True])
def test_a_thread_that_hangs_gives_no_sign_of_life_until_it_turns_again(
    monkeypatch: pytest.MonkeyPatch, in_server: bool
) -> None:
    """By hand: a look every 0.5 s, so that 20 looks without a turn, from the sixth to the 25th, are 10 s. With a store
    in PostgreSQL it is a problem instead, because a restart makes no server answer."""
    stop, turning, hanging = threading.Event(), Turns(), Turns()
    looks, signs, problems = [0], list[int](), list[Any]()

    def problem_now() -> None:
        looks[0] += 1
        turning.note()
        if not HANGS_AFTER < looks[0] < WORKS_FROM:
            hanging.note()
        if looks[0] == LOOKS:
            stop.set()

    def say(**message: Any) -> None:
        if "problem" in message:
            problems.append((looks[0], message["problem"]))

    monkeypatch.setattr(stop, "wait", lambda _=None: stop.is_set())
    monkeypatch.setattr(process, "say", say)
    monkeypatch.setattr(process, "sign_of_life", lambda: signs.append(looks[0]))
    threads = {
        threading.Thread(target=threading.Event.wait, args=(stop,), name="dispatch"): turning,
        threading.Thread(target=threading.Event.wait, args=(stop,), name="tracks"): hanging,
    }
    monkeypatch.setattr(threading.Thread, "is_alive", lambda _: True)
    monkeypatch.setattr(threading.Thread, "join", lambda *_: None)
    _watch(problem_now, SimpleNamespace(waiting=0), threads, stop, FromRoom(), in_server=in_server)  # type: ignore[arg-type]
    hung_at = HANGS_AFTER + round(HUNG_S / 0.5)
    if in_server:
        assert signs == list(range(1, LOOKS + 1))
        stated = "no turn for 10 s, as while the store does not answer (tracks)"
        assert problems == [(hung_at, stated), (WORKS_FROM, None)]
    else:
        assert signs == [*range(1, hung_at), *range(WORKS_FROM, LOOKS + 1)]
        assert problems == []


def test_a_pump_that_does_not_return_is_no_turn() -> None:
    stop, begun, release, turns = threading.Event(), threading.Event(), threading.Event(), Turns()

    def pump() -> None:
        begun.set()
        release.wait(PATIENT_S)

    turning = threading.Thread(
        target=pump_until, args=(stop, pump), kwargs={"every_s": 0.001, "name": "x", "turns": turns}
    )
    turning.start()
    assert begun.wait(PATIENT_S)
    assert [turns.look() for _ in range(4)] == [0, 1, 2, 3]
    release.set()
    seen = turns.look()
    while seen:
        seen = turns.look()
    stop.set()
    turning.join(PATIENT_S)
