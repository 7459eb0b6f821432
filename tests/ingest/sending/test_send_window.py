"""What is due: a window, once, until acknowledgements stall; then all that waits, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.sending.send_window import SendWindow, SendWindowSettings
from ingest.sending.spool import Spool
from ingest.wire import Ack


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "s.sqlite") as opened:
        opened.put_many([lambda boot, seq: b"x"] * 6)
        yield opened


def send(send_window: SendWindow, now_s: float) -> list[int]:
    entries = send_window.due(now_s)
    for entry in entries:
        send_window.sent(entry)
    return [entry.seq for entry in entries]


def test_no_more_than_a_window_is_under_way(spool: Spool) -> None:
    send_window = SendWindow(spool, SendWindowSettings(window=4))
    assert send(send_window, 0.0) == [1, 2, 3, 4]
    assert send(send_window, 0.1) == []
    assert send_window.acknowledge(Ack(1, 3), 0.2) == 3
    assert send(send_window, 0.3) == [5, 6]
    assert send_window.resends == 0


def test_a_stall_sends_everything_again_with_growing_patience(spool: Spool) -> None:
    send_window = SendWindow(spool, SendWindowSettings(window=4, stall_s=3.0))
    assert send(send_window, 0.0) == [1, 2, 3, 4]
    assert send(send_window, 2.9) == []
    assert send(send_window, 3.1) == [1, 2, 3, 4]
    assert send(send_window, 8.0) == []
    assert send(send_window, 9.2) == [1, 2, 3, 4]
    send_window.acknowledge(Ack(1, 1), 10.0)
    assert send(send_window, 10.1) == [5]
    assert send(send_window, 12.9) == []
    assert send(send_window, 13.1) == [2, 3, 4, 5]
    assert send_window.resends == 3


def test_progress_and_a_new_link_put_the_stall_off(spool: Spool) -> None:
    send_window = SendWindow(spool, SendWindowSettings(window=4, stall_s=3.0))
    send(send_window, 0.0)
    send_window.acknowledge(Ack(1, 1), 2.0)
    assert send(send_window, 4.0) == [5]
    send_window.resume(4.9)
    assert send(send_window, 7.8) == []
    assert send(send_window, 8.0) == [2, 3, 4, 5]


def test_a_lost_session_sends_everything_again_at_once(spool: Spool) -> None:
    send_window = SendWindow(spool, SendWindowSettings(window=4))
    send(send_window, 0.0)
    send_window.restart(0.5)
    assert send(send_window, 0.5) == [1, 2, 3, 4]


def test_a_message_that_was_not_taken_is_due_again(spool: Spool) -> None:
    send_window = SendWindow(spool, SendWindowSettings(window=4))
    send_window.sent(send_window.due(0.0)[0])
    assert send(send_window, 0.1) == [2, 3, 4]


def test_an_idle_hour_is_no_stall(spool: Spool) -> None:
    send_window = SendWindow(spool)
    send(send_window, 0.0)
    send_window.acknowledge(Ack(1, 6), 0.1)
    assert send(send_window, 3600.0) == []
    spool.put(lambda boot, seq: b"x")
    assert send(send_window, 3600.1) == [7]
    assert send_window.resends == 0


def test_an_ack_of_another_boot_is_harmless(spool: Spool) -> None:
    send_window = SendWindow(spool)
    assert send_window.acknowledge(Ack(2**53, 5), 0.0) == 0
    assert send_window.acknowledge(Ack(0, 5), 0.0) == 0
    assert send(send_window, 0.0) == [1, 2, 3, 4, 5, 6]
