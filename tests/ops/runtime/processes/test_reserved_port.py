"""A reserved port: its server may start as often as it likes, and nobody else is given it in between."""

from __future__ import annotations

import socket

import pytest

from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.api.serving.local_port import listen
from tests.patience import PATIENT_S


def test_a_server_takes_its_port_again_and_again_and_between_two_starts_it_is_refused_and_not_given_away() -> None:
    reserved = ReservedPort()
    try:
        for _ in range(2):
            with listen(reserved.number) as server:
                assert server.getsockname()[1] == reserved.number
                socket.create_connection(("127.0.0.1", reserved.number), timeout=PATIENT_S).close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", reserved.number), timeout=PATIENT_S)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", reserved.number))
    finally:
        reserved.release()
        reserved.release()
