"""The wait for sockets in place of select's: laws of ``select.select`` that hold for both."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest.mqtt import poll

Wait = Callable[..., Any]
BOTH = pytest.mark.parametrize("wait", [select.select, poll.select])


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@BOTH
def test_only_what_is_ready_is_returned(wait: Wait, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    assert wait([ours], [], [], 0.0) == ([], [], [])
    assert wait([ours], [ours], [], 0.0) == ([], [ours], [])
    theirs.send(b"x")
    assert wait([ours, theirs], [], [], 5.0) == ([ours], [], [])
    assert wait([ours], [ours, theirs], [], 5.0) == ([ours], [ours, theirs], [])


@BOTH
def test_the_end_of_the_peer_is_readable(wait: Wait, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.close()
    assert wait([ours], [], [], 5.0) == ([ours], [], [])
    assert ours.recv(1) == b""


@BOTH
def test_a_closed_socket_and_none_are_refused(wait: Wait, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair
    with pytest.raises(TypeError):
        wait([None], [], [], 0.0)
    ours.close()
    with pytest.raises(ValueError, match="negative"):
        wait([ours], [], [], 0.0)
